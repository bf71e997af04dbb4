package org.sotto

import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Test

class LiveStreamTest {
    private val golden = Goldens["stream"].jsonObject
    private val block = golden.getValue("block").jsonPrimitive.int

    private fun blocks(): List<FloatArray> =
        (Goldens.samples.indices step block).map {
            Goldens.samples.copyOfRange(it, minOf(it + block, Goldens.samples.size))
        }

    @Test
    fun `updates are those of Python's stream, push by push`() = runBlocking {
        val expected = golden.array("updates").map { it.jsonObject }
        val blocks = blocks().iterator()
        var at = 0
        Loaded.model.stream(StreamOptions(language = "en"), Loaded.detector).use { stream ->
            // Each is pushed when the one before is done, so that the engine takes them one by one.
            stream.push(blocks.next())
            stream.updates.collect { update ->
                val wanted = expected[at]
                assertEquals(wanted.array("confirmed").map(::wordOf), update.confirmed, "confirmed by push $at")
                assertEquals(wanted.array("tentative").map(::wordOf), update.tentative, "tentative after push $at")
                assertEquals(wanted.getValue("utterances").jsonPrimitive.int, update.utterances)
                assertEquals(wanted.number("position"), update.position)
                assertEquals(wanted.string("language"), update.language)
                at += 1
                if (blocks.hasNext()) stream.push(blocks.next()) else stream.finish()
            }
        }
        assertEquals(expected.size, at)
        assertTrue(expected.flatMap { it.array("confirmed") }.size > 10)
    }

    @Test
    fun `words of a stream whose collector is slow are joined, and none is lost`() = runBlocking {
        val stream = Loaded.model.stream(StreamOptions(language = "en"), Loaded.detector)
        // 16 bits, as a phone's microphone gives.
        for (block in blocks()) {
            assertTrue(stream.push(ShortArray(block.size) { (block[it] * 32767).toInt().toShort() }))
        }
        stream.finish()
        stream.awaitClosed()
        val updates = stream.updates.toList()
        assertEquals(1, updates.size)
        val expected = golden.array("updates").flatMap { it.jsonObject.array("confirmed") }.map(::wordOf)
        // Decoded at other times than block by block, so words may differ in their punctuation.
        val words = updates.single().confirmed
        assertTrue(words.size > expected.size * 3 / 4, "$words")
        assertEquals(0, stream.droppedSamples)
        assertEquals(words.sortedBy { it.start }, words)
    }

    @Test
    fun `the thread that pushes is told of samples that were dropped, and never waits`() {
        val stream = Loaded.model.stream(StreamOptions(bufferSeconds = 1))
        val second = FloatArray(SAMPLE_RATE)
        // The engine is at work on the first when the others come.
        val taken = (0 until 50).count { stream.push(second) }
        assertTrue(taken in 1..49, "$taken")
        assertEquals((50L - taken) * SAMPLE_RATE, stream.droppedSamples)
        stream.close()
        assertFalse(stream.push(second))
        runBlocking { withTimeout(60_000) { stream.awaitClosed() } }
    }

    @Test
    fun `closing a stream that is at work ends its updates`() = runBlocking {
        val stream = Loaded.model.stream(StreamOptions(language = "en"))
        val updates = launch(Dispatchers.Default) { stream.updates.collect {} }
        for (block in blocks()) stream.push(block)
        stream.close()
        stream.close()
        withTimeout(60_000) {
            updates.join()
            stream.awaitClosed()
        }
        assertFalse(updates.isCancelled)
    }

    @Test
    fun `a collector that ends closes the stream`() = runBlocking {
        val first = Loaded.model.stream()
        first.push(blocks().first())
        first.updates.first()
        val second = Loaded.model.stream()
        val begun = CompletableDeferred<Unit>()
        val job = launch(Dispatchers.Default) { second.updates.collect { begun.complete(Unit) } }
        second.push(blocks().first())
        begun.await()
        job.cancelAndJoin()
        withTimeout(60_000) {
            first.awaitClosed()
            second.awaitClosed()
        }
    }

    @Test
    fun `closing the model ends its streams`() = runBlocking {
        val model = Loaded.model()
        val stream = model.stream()
        for (block in blocks()) stream.push(block)
        model.close()
        withTimeout(60_000) {
            stream.updates.toList()
            model.awaitClosed()
        }
        assertFailsWith<OptionException> { model.stream() }
        Unit
    }

    @Test
    fun `samples that are no numbers end the stream with an error`() = runBlocking {
        val stream = Loaded.model.stream()
        stream.push(floatArrayOf(0f, Float.NaN))
        assertFailsWith<AudioException> { stream.updates.toList() }
        Unit
    }

    @Test
    fun `what can't be is refused`() {
        assertFailsWith<OptionException> { Loaded.model.stream(StreamOptions(agreement = 9)) }
        assertFailsWith<OptionException> { Loaded.model.stream(StreamOptions(bufferSeconds = 0)) }
        Loaded.model.stream().use { stream ->
            assertFailsWith<IndexOutOfBoundsException> { stream.push(FloatArray(4), 2, 3) }
        }
    }

    @Test
    fun `defaults are Python's`() {
        val python = Goldens["defaults"].jsonObject.getValue("stream").jsonObject
        val kotlin = StreamOptions()
        assertEquals(python.number("step"), kotlin.step)
        assertEquals(python.number("max_buffer"), kotlin.maxBuffer)
        assertEquals(python.getValue("agreement").jsonPrimitive.int, kotlin.agreement)
        assertEquals(python.number("endpoint_silence"), kotlin.endpointSilence)
    }
}
