package org.sotto

/** Samples a second of all audio. */
public const val SAMPLE_RATE: Int = 16_000

/**
 * Where samples come from: 16 kHz, mono, nominally -1 to 1. They are read twice, first for the loudest value and then
 * to be transcribed, so that memory does not grow with the audio. Both functions are called on the engine's thread
 * and may wait; what they throw ends the call, and reaches who collects.
 */
public interface AudioSource {
    /** Fills [buffer] from its beginning and gives how many samples there are; 0 or less: the end. */
    public fun read(buffer: FloatArray): Int

    /** Starts again from the first sample. */
    public fun rewind()

    public companion object {
        /** Samples in memory, which must not change meanwhile. */
        public fun of(samples: FloatArray): AudioSource = ArraySource(samples)

        /**
         * A RIFF/WAVE file of 16 kHz, any sample format and number of channels, read into memory. Reads from the
         * disk: not for a main thread. Raises [AudioException] where it is none.
         */
        public fun wav(path: String): AudioSource {
            Native.check()
            return ArraySource(Native.readWav(utf8("path", path)))
        }
    }
}

private class ArraySource(private val samples: FloatArray) : AudioSource {
    private var position = 0

    override fun read(buffer: FloatArray): Int {
        val count = minOf(buffer.size, samples.size - position)
        samples.copyInto(buffer, 0, position, position + count)
        position += count
        return count
    }

    override fun rewind() {
        position = 0
    }
}
