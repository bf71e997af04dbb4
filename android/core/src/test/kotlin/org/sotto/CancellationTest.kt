package org.sotto

import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertIs
import kotlin.test.assertTrue
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.supervisorScope
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Test

class CancellationTest {
    @Test
    fun `a coroutine that is cancelled ends the transcription, and waits for its end`() = runBlocking {
        val source = RepeatedSpeech(6)
        val begun = CompletableDeferred<Unit>()
        var thrown: Throwable? = null
        val job =
            launch(Dispatchers.Default) {
                try {
                    Loaded.model.transcribe(source).collect { begun.complete(Unit) }
                } catch (error: Throwable) {
                    thrown = error
                    throw error
                }
            }
        begun.await()
        withTimeout(60_000) { job.cancelAndJoin() }
        assertIs<CancellationException>(thrown)
        val read = source.read.get()
        assertTrue(read < 2 * source.samples - 20 * SAMPLE_RATE, "$read of ${2 * source.samples}")
        // Nobody reads it any more.
        Thread.sleep(200)
        assertEquals(read, source.read.get())
    }

    @Test
    fun `who takes the first segment alone does not wait for the others`() = runBlocking {
        val source = RepeatedSpeech(6)
        val first = Loaded.model.transcribe(source).first()
        assertEquals(0, first.id)
        assertTrue(source.read.get() < 2 * source.samples - 20 * SAMPLE_RATE)
    }

    @Test
    fun `a model that is closed ends what is at work on it`() = runBlocking {
        val model = Loaded.model()
        val begun = List(3) { CompletableDeferred<Unit>() }
        supervisorScope {
            val calls =
                begun.map { mark ->
                    async(Dispatchers.Default) {
                        runCatching { model.transcribe(RepeatedSpeech(6)).collect { mark.complete(Unit) } }
                    }
                }
            begun.awaitAll()
            model.close()
            model.close()
            for (result in withTimeout(60_000) { calls.awaitAll() }) {
                assertIs<CancelledException>(result.exceptionOrNull())
            }
        }
        withTimeout(60_000) { model.awaitClosed() }
        val error = assertFailsWith<OptionException> { model.recognize(AudioSource.of(Goldens.samples)) }
        assertEquals("the model is closed; open another", error.message)
        assertFailsWith<OptionException> { model.detectLanguage(Goldens.samples) }
        Unit
    }

    @Test
    fun `a bundle and a detector may be closed while they are at work`() = runBlocking {
        val bundle = ModelBundle.open(Goldens.bundle("vad"))
        val detector = VoiceActivityDetector.load(bundle, Loaded.options)
        bundle.close()
        assertFailsWith<OptionException> { VoiceActivityDetector.load(bundle, Loaded.options) }
        val closing =
            object : AudioSource {
                private val speech = AudioSource.of(Goldens.samples)
                private var passes = 0

                override fun read(buffer: FloatArray): Int = speech.read(buffer)

                // The second pass is the one that is transcribed.
                override fun rewind() {
                    if (passes++ == 1) detector.close()
                    speech.rewind()
                }
            }
        assertTrue(Loaded.model.recognize(closing, vad = detector).segments.isNotEmpty())
        withTimeout(1_000) { detector.handle.awaitEnd() }
        assertFailsWith<OptionException> { detector.stream() }
        Unit
    }

    @Test
    fun `what the audio's source throws reaches who collects`() = runBlocking {
        val failing =
            object : AudioSource by AudioSource.of(Goldens.samples) {
                var blocks = 0

                override fun read(buffer: FloatArray): Int {
                    if (blocks++ > 20) throw IllegalStateException("the card was taken out 🎧")
                    Goldens.samples.copyInto(buffer, 0, 0, buffer.size)
                    return buffer.size
                }
            }
        val error = assertFailsWith<IllegalStateException> { Loaded.model.recognize(failing) }
        assertEquals("the card was taken out 🎧", error.message)
        // The session is as good as before.
        assertTrue(Loaded.model.recognize(AudioSource.of(Goldens.samples)).segments.isNotEmpty())
    }

    @Test
    fun `what a collector throws ends the transcription`() = runBlocking {
        val source = RepeatedSpeech(6)
        assertFailsWith<ArithmeticException> {
            Loaded.model.transcribe(source).collect { throw ArithmeticException("no") }
        }
        assertTrue(source.read.get() < 2 * source.samples - 20 * SAMPLE_RATE)
    }

    @Test
    fun `a load that is cancelled leaves nothing loaded`() = runBlocking {
        val bundle = ModelBundle.open(Goldens.bundle("speech"))
        val loads = List(4) { launch(Dispatchers.Default) { SottoModel.load(bundle, Loaded.options).close() } }
        loads.forEach { it.cancel() }
        withTimeout(60_000) { loads.forEach { it.join() } }
        bundle.close()
        assertFailsWith<OptionException> { bundle.handle.enter() }
        withTimeout(1_000) { bundle.handle.awaitEnd() }
    }
}
