package org.sotto

import kotlin.test.assertEquals
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory
import org.sotto.formats.TranscriptFormat

class TranscribeTest {
    // Those of test/make_android_goldens.py, by name.
    private val options =
        mapOf(
            "defaults" to TranscribeOptions(),
            "words" to TranscribeOptions(wordTimestamps = true),
            "beams" to
                TranscribeOptions(beamSize = 3, patience = 1.5, lengthPenalty = 0.5, temperatures = listOf(0.0)),
            "samples" to TranscribeOptions(temperatures = listOf(0.6), bestOf = 2, seed = 7),
            "text alone" to TranscribeOptions(withoutTimestamps = true, conditionOnPreviousText = false),
            "prompts" to
                TranscribeOptions(initialPrompt = "A tale of two cities — Größe 🎧.", hotwords = "epoch"),
            "voice activity" to TranscribeOptions(wordTimestamps = true),
        )

    @TestFactory
    fun `a transcription is Python's, tokens and all, and so are its files`(): List<DynamicTest> {
        val expected = Goldens["transcriptions"].jsonObject
        assertEquals(expected.keys, options.keys)
        return expected.map { (name, golden) -> dynamicTest(name) { compare(name, golden.jsonObject) } }
    }

    private fun compare(name: String, golden: JsonObject) {
        val detector = if (name == "voice activity") Loaded.detector else null
        val found = runBlocking {
            Loaded.model.recognize(AudioSource.wav(Goldens.wav), options.getValue(name), detector)
        }
        val result = golden.getValue("result").jsonObject
        assertEquals(transcriptionOf(result, golden.number("duration")), found)
        assertTrue(found.segments.sumOf { it.tokens.size } > 20, "$found")
        val files = golden.getValue("files").jsonObject
        for (format in TranscriptFormat.entries) {
            assertEquals(files.string(format.suffix), format.write(found), "$format")
        }
    }

    @Test
    fun `events come in their order, and segments are those of the end`() = runBlocking {
        val events = Loaded.model.events(AudioSource.of(Goldens.samples)).toList()
        val finished = assertIs<TranscribeEvent.Finished>(events.last())
        assertEquals(
            finished.transcription.segments,
            events.filterIsInstance<TranscribeEvent.SegmentDone>().map { it.segment },
        )
        val progress = events.filterIsInstance<TranscribeEvent.Progress>()
        assertTrue(progress.isNotEmpty())
        assertEquals(progress.map { it.done }.sorted(), progress.map { it.done })
        assertTrue(progress.all { it.duration == finished.transcription.duration })
        assertEquals(1, events.count { it is TranscribeEvent.Finished })
    }

    @Test
    fun `the language is detected`() = runBlocking {
        val expected = Goldens["language"].jsonObject
        Loaded.model("multilingual").use { model ->
            assertTrue(model.isMultilingual)
            val found = model.detectLanguage(Goldens.samples.copyOf(30 * SAMPLE_RATE))
            assertEquals(expected.string("code"), found.code)
            // Python's comes through a whole recognition; a sum in float32 may come in another order.
            assertEquals(expected.number("probability").toFloat(), found.probability, 1e-5f)
            val events =
                model.events(AudioSource.of(Goldens.samples.copyOf(5 * SAMPLE_RATE))).toList()
            assertEquals(TranscribeEvent.LanguageDetected("en"), events.first { it !is TranscribeEvent.Progress })
        }
    }

    @Test
    fun `a model says what it is`() {
        assertEquals("tiny.en", Loaded.model.name)
        assertEquals(Accelerator.CPU, Loaded.model.accelerator)
        assertEquals(false, Loaded.model.isMultilingual)
    }

    @Test
    fun `defaults are Python's`() {
        val python = Goldens["defaults"].jsonObject.getValue("transcribe").jsonObject
        val kotlin = TranscribeOptions()
        assertEquals(python.getValue("temperature").jsonArray.map { it.jsonPrimitive.double }, kotlin.temperatures)
        for ((name, value) in
            mapOf(
                "compression_ratio_threshold" to kotlin.compressionRatioThreshold,
                "logprob_threshold" to kotlin.logprobThreshold,
                "no_speech_threshold" to kotlin.noSpeechThreshold,
                "seed" to kotlin.seed.toDouble(),
                "window" to kotlin.window.toDouble(),
            )) {
            assertEquals(python.number(name), value, name)
        }
        for ((name, value) in
            mapOf(
                "word_timestamps" to kotlin.wordTimestamps,
                "without_timestamps" to kotlin.withoutTimestamps,
                "condition_on_previous_text" to kotlin.conditionOnPreviousText,
            )) {
            assertEquals(python.getValue(name).jsonPrimitive.boolean, value, name)
        }
        for (name in listOf("language", "initial_prompt", "beam_size", "best_of", "length_penalty", "patience")) {
            assertEquals(JsonNull, python.getValue(name), name)
        }
    }
}
