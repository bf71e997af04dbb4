package org.sotto

import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import org.junit.jupiter.api.Test

class VoiceActivityDetectorTest {
    // Those of SPANS in test/make_android_goldens.py.
    private val options =
        listOf(
            VadOptions(),
            VadOptions(minSpeechDurationMs = 250, minSilenceDurationMs = 100, speechPadMs = 30),
            VadOptions(threshold = 0.9, negThreshold = 0.2, speechPadMs = 0, minSilenceDurationMs = 64),
            VadOptions(maxSpeechDurationS = 2.0),
        )

    private fun spansOf(json: JsonArray): List<SpeechSpan> =
        json.map { pair -> pair.jsonArray.map { it.jsonPrimitive.long }.let { (start, end) -> SpeechSpan(start, end) } }

    @Test
    fun `spans of speech are Python's`() = runBlocking {
        val expected = Goldens["spans"].jsonArray.map { spansOf(it.jsonArray) }
        assertEquals(expected, options.map { Loaded.detector.spans(AudioSource.of(Goldens.samples), it) })
        assertTrue(expected.any { it.size > 2 })
    }

    @Test
    fun `probabilities do not depend on how samples are pushed`() {
        val whole = Loaded.detector.stream().use { it.push(Goldens.samples) }
        val parts = mutableListOf<Float>()
        Loaded.detector.stream().use { stream ->
            for (from in Goldens.samples.indices step 700) {
                val to = minOf(from + 700, Goldens.samples.size)
                parts += stream.push(Goldens.samples.copyOfRange(from, to)).toList()
            }
        }
        assertEquals(Goldens.samples.size / VadStream.CHUNK, whole.size)
        assertContentEquals(whole, parts.toFloatArray())
    }

    @Test
    fun `the NPU's spans are Python's, by the library that stands for one`() = runBlocking {
        val golden = Goldens["npu"].jsonObject
        val onNpu =
            LoadOptions(
                liteRt = Goldens.liteRt,
                weightCache = "",
                accelerator = Accelerator.NPU,
                soc = "mt6991",
                dispatch = golden.string("dispatch"),
            )
        val messages = mutableListOf<String>()
        Sotto.setLog { level, message -> if (level == LogLevel.WARNING) synchronized(messages) { messages += message } }
        try {
            ModelBundle.open(golden.string("bundle")).use { VoiceActivityDetector.load(it, onNpu) }.use { detector ->
                assertEquals(
                    spansOf(golden.array("spans")),
                    detector.spans(AudioSource.of(Goldens.samples), options[1]),
                )
            }
        } finally {
            Sotto.setLog(null)
        }
        assertEquals(emptyList(), messages)
    }

    @Test
    fun `options out of range, and what is closed, are refused`() = runBlocking {
        val source = AudioSource.of(Goldens.samples)
        val error = assertFailsWith<OptionException> { Loaded.detector.spans(source, VadOptions(threshold = 2.0)) }
        assertTrue("threshold 2" in error.message!!, error.message)
        assertFailsWith<OptionException> { Loaded.detector.spans(source, VadOptions(negThreshold = -0.5)) }
        val stream = Loaded.detector.stream()
        assertFailsWith<AudioException> { stream.push(floatArrayOf(Float.POSITIVE_INFINITY)) }
        stream.close()
        assertFailsWith<OptionException> { stream.push(FloatArray(1)) }
        Unit
    }
}
