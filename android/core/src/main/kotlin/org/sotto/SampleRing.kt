package org.sotto

/**
 * Samples between the thread that pushes and the engine's, without a lock: neither waits for the other. One thread
 * at a time writes, one takes.
 *
 * @param capacity in samples.
 */
internal class SampleRing(private val capacity: Int) {
    private val samples = FloatArray(capacity)

    // Counts of all samples so far; each is written by one thread, after the samples that it tells of.
    @Volatile private var written = 0L
    @Volatile private var taken = 0L

    /** False, with none of them taken in, where there is no room for all. */
    fun write(from: FloatArray, offset: Int, count: Int): Boolean =
        write(count) { start, begin, length -> from.copyInto(samples, start, offset + begin, offset + begin + length) }

    /** The same of 16-bit samples. */
    fun write(from: ShortArray, offset: Int, count: Int): Boolean =
        write(count) { start, begin, length ->
            for (i in 0 until length) samples[start + i] = from[offset + begin + i] / 32768f
        }

    /** All that there are, oldest first. */
    fun take(): FloatArray {
        val begin = taken
        val count = (written - begin).toInt()
        val start = (begin % capacity).toInt()
        val first = minOf(count, capacity - start)
        val out = FloatArray(count)
        samples.copyInto(out, 0, start, start + first)
        samples.copyInto(out, first, 0, count - first)
        taken = begin + count
        return out
    }

    /** [copy] gets the place in the ring, and which of the new samples to put there: from where, and how many. */
    private inline fun write(count: Int, copy: (Int, Int, Int) -> Unit): Boolean {
        val begin = written
        if (count > capacity - (begin - taken)) return false
        val start = (begin % capacity).toInt()
        val first = minOf(count, capacity - start)
        copy(start, 0, first)
        copy(0, first, count - first)
        written = begin + count
        return true
    }
}
