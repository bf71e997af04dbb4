package org.sotto

import java.util.concurrent.atomic.AtomicLong

/** The recording again and again, [times] times, which counts what is read of it. */
class RepeatedSpeech(private val times: Int) : AudioSource {
    private var position = 0L
    private val total = Goldens.samples.size.toLong() * times

    /** Samples read so far, both passes together. */
    val read = AtomicLong()

    /** Of one pass. */
    val samples: Long = total

    override fun read(buffer: FloatArray): Int {
        val count = minOf(buffer.size.toLong(), total - position).toInt()
        for (i in 0 until count) buffer[i] = Goldens.samples[((position + i) % Goldens.samples.size).toInt()]
        position += count
        read.addAndGet(count.toLong())
        return count
    }

    override fun rewind() {
        position = 0
    }
}
