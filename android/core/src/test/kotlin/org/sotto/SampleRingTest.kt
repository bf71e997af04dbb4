package org.sotto

import kotlin.concurrent.thread
import kotlin.test.assertContentEquals
import kotlin.test.assertEquals
import kotlin.test.assertFalse
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test

class SampleRingTest {
    @Test
    fun `samples come out in their order, round the end`() {
        val ring = SampleRing(5)
        assertTrue(ring.write(floatArrayOf(9f, 1f, 2f, 3f), 1, 3))
        assertContentEquals(floatArrayOf(1f, 2f, 3f), ring.take())
        assertTrue(ring.write(floatArrayOf(4f, 5f, 6f, 7f), 0, 4))
        assertContentEquals(floatArrayOf(4f, 5f, 6f, 7f), ring.take())
        assertContentEquals(floatArrayOf(), ring.take())
    }

    @Test
    fun `what does not fit is not taken in at all`() {
        val ring = SampleRing(4)
        assertTrue(ring.write(FloatArray(3), 0, 3))
        assertFalse(ring.write(FloatArray(2), 0, 2))
        assertTrue(ring.write(FloatArray(1), 0, 1))
        assertEquals(4, ring.take().size)
    }

    @Test
    fun `sixteen bits are scaled as Python scales them`() {
        val ring = SampleRing(4)
        ring.write(shortArrayOf(-32768, 0, 16384, 32767), 0, 4)
        assertContentEquals(floatArrayOf(-1f, 0f, 0.5f, 32767 / 32768f), ring.take())
    }

    @Test
    fun `two threads lose and double nothing`() {
        val ring = SampleRing(1000)
        val count = 300_000
        val writer = thread {
            var next = 0
            while (next < count) {
                val size = minOf(1 + next % 7, count - next)
                if (ring.write(FloatArray(size) { (next + it).toFloat() }, 0, size)) next += size else Thread.yield()
            }
        }
        var expected = 0
        while (expected < count) for (sample in ring.take()) assertEquals((expected++).toFloat(), sample)
        writer.join()
    }
}
