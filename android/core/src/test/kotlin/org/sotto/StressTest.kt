package org.sotto

import java.io.File
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicInteger
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread
import kotlin.random.Random
import kotlin.test.assertEquals
import kotlin.test.assertNull
import kotlin.test.assertTrue
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test

/** Many calls: few by default, and 2,000 transcriptions, 200 loads and two minutes by `-Dsotto.stress=1`. */
class StressTest {
    private val isLong = System.getProperty("sotto.stress") == "1"
    private val second = Goldens.samples.copyOfRange(SAMPLE_RATE, 2 * SAMPLE_RATE)
    private val quick = TranscribeOptions(language = "en", temperatures = listOf(0.0))

    @Test
    fun `memory does not grow from one transcription to the next`() = runBlocking {
        val texts = mutableSetOf<String>()
        suspend fun transcribe() {
            texts += Loaded.model.recognize(AudioSource.of(second), quick).text
        }
        repeat(10) { transcribe() }
        val before = residentMegabytes()
        repeat(if (isLong) 2000 else 15) { transcribe() }
        assertGrowth(before)
        assertEquals(1, texts.size)
    }

    @Test
    fun `memory does not grow from one load to the next`() = runBlocking {
        suspend fun load() {
            val model = Loaded.model()
            model.recognize(AudioSource.of(second), quick)
            model.close()
            model.awaitClosed()
        }
        repeat(3) { load() }
        val before = residentMegabytes()
        repeat(if (isLong) 200 else 4) { load() }
        assertGrowth(before)
    }

    @Test
    fun `four threads begin, end and close at random`() {
        val end = System.nanoTime() + (if (isLong) 120 else 4) * 1_000_000_000L
        val model = AtomicReference(Loaded.model())
        val failure = AtomicReference<Throwable>()
        val calls = AtomicInteger()
        val begun = CountDownLatch(4)
        val threads =
            List(4) { i ->
                thread {
                    val random = Random(i)
                    begun.countDown()
                    while (System.nanoTime() < end && failure.get() == null) {
                        try {
                            runBlocking { anything(model, random) }
                            calls.incrementAndGet()
                        } catch (_: CancelledException) {
                            // Another closed it.
                        } catch (_: OptionException) {
                            // Another had closed it.
                        } catch (error: Throwable) {
                            failure.set(error)
                        }
                    }
                }
            }
        threads.forEach(Thread::join)
        failure.get()?.printStackTrace()
        assertNull(failure.get())
        assertTrue(calls.get() > 0)
        runBlocking {
            model.get().close()
            model.get().awaitClosed()
        }
    }

    private suspend fun anything(model: AtomicReference<SottoModel>, random: Random) {
        val source = AudioSource.of(Goldens.samples)
        when (random.nextInt(6)) {
            0 -> model.get().recognize(AudioSource.of(second), quick)
            1 -> model.get().transcribe(source, quick, Loaded.detector).first()
            2 ->
                kotlinx.coroutines.coroutineScope {
                    val job = launch { model.get().transcribe(source, quick).collect {} }
                    delay(random.nextLong(200))
                    job.cancel()
                }
            3, 4 ->
                model.get().stream(StreamOptions(language = "en"), Loaded.detector).use { stream ->
                    repeat(random.nextInt(40)) { stream.push(second) }
                    if (random.nextBoolean()) stream.finish() else delay(random.nextLong(100))
                }
            else -> {
                val old = model.getAndSet(Loaded.model())
                old.close()
                if (random.nextBoolean()) old.awaitClosed()
            }
        }
    }

    /** What the process holds; Java's heap is as large from the beginning (core/pom.xml). */
    private fun residentMegabytes(): Long = File("/proc/self/statm").readText().split(" ")[1].toLong() * 4096 shr 20

    // A session that were not freed would be some tens of megabytes, a load's weights 40.
    private fun assertGrowth(before: Long) {
        val after = residentMegabytes()
        assertTrue(after - before < 40, "from $before to $after MB")
    }
}
