package org.sotto

import kotlinx.coroutines.ensureActive

/**
 * A stretch of audio that holds speech.
 *
 * @property start its first sample.
 * @property end the sample after its last.
 */
public data class SpeechSpan(public val start: Long, public val end: Long)

/**
 * Which parts of audio are speech: `sotto_vad_options`, whose names and defaults are faster-whisper's.
 *
 * @property threshold probability from which audio is speech.
 * @property negThreshold probability below which speech ends; null: 0.15 less.
 * @property minSpeechDurationMs shorter speech is dropped.
 * @property maxSpeechDurationS longer speech is cut at a silence.
 * @property minSilenceDurationMs shorter silence does not end speech.
 * @property speechPadMs kept before and after speech.
 */
public data class VadOptions(
    public val threshold: Double = 0.5,
    public val negThreshold: Double? = null,
    public val minSpeechDurationMs: Int = 0,
    public val maxSpeechDurationS: Double = Double.POSITIVE_INFINITY,
    public val minSilenceDurationMs: Int = 2000,
    public val speechPadMs: Int = 400,
) {
    internal fun spans(probabilities: FloatArray, samples: Long): List<SpeechSpan> {
        // The library takes -1 for "not set".
        if (negThreshold != null && negThreshold < 0) {
            throw OptionException("negThreshold $negThreshold: expected 0 to the threshold, or null")
        }
        val ends =
            Native.speechSpans(
                probabilities,
                samples,
                threshold,
                negThreshold ?: -1.0,
                minSpeechDurationMs,
                maxSpeechDurationS,
                minSilenceDurationMs,
                speechPadMs,
            )
        return List(ends.size / 2) { SpeechSpan(ends[2 * it], ends[2 * it + 1]) }
    }
}

/** A bundle that tells speech from silence (Silero's), for any number of threads at once. */
public class VoiceActivityDetector private constructor(address: Long) : AutoCloseable {
    internal val handle = Handle("detector", address, Native::vadFree)

    /** Hears a stream of audio. Close it. Raises [OptionException] where the detector is closed. */
    public fun stream(): VadStream = handle.use { VadStream(Native.vadStreamNew(it)) }

    /**
     * Where there is speech in a recording of any length, in ascending order.
     *
     * @throws AudioException samples are not finite.
     * @throws OptionException an option is out of range, or the detector is closed.
     */
    public suspend fun spans(source: AudioSource, options: VadOptions = VadOptions()): List<SpeechSpan> =
        onEngineThread("sotto-vad") {
            source.rewind()
            stream().use { stream ->
                val block = FloatArray(SAMPLE_RATE)
                val probabilities = mutableListOf<FloatArray>()
                var samples = 0L
                while (true) {
                    ensureActive()
                    val count = source.read(block)
                    if (count <= 0) break
                    probabilities += stream.push(block.copyOf(count))
                    samples += count
                }
                // The last chunk is filled up with silence.
                val rest = (samples % VadStream.CHUNK).toInt()
                if (rest > 0) probabilities += stream.push(FloatArray(VadStream.CHUNK - rest))
                options.spans(concatenated(probabilities), samples)
            }
        }

    /** Streams go on working, and keep the weights. */
    override fun close(): Unit = handle.close()

    public companion object {
        /** Loads a detector's bundle; see [SottoModel.load]. */
        public suspend fun load(
            bundle: ModelBundle,
            options: LoadOptions = LoadOptions(),
        ): VoiceActivityDetector =
            openOnEngineThread("sotto-load") { VoiceActivityDetector(options.load(bundle, Native::vadLoad)) }
    }
}

/** What was heard of one stream of audio. Any thread, one after another. */
public class VadStream internal constructor(address: Long) : AutoCloseable {
    private val handle = Handle("VAD stream", address, Native::vadStreamFree)
    private val lock = Any()

    /**
     * Takes in any number of samples, and gives the probability of speech of every chunk of [CHUNK] samples that is
     * complete. It takes a fraction of a millisecond a chunk.
     *
     * @throws AudioException a sample is not finite; nothing was taken in.
     * @throws OptionException the stream is closed.
     */
    public fun push(samples: FloatArray): FloatArray =
        handle.use { synchronized(lock) { Native.vadStreamPush(it, samples) } }

    /** A second time does nothing. */
    override fun close(): Unit = handle.close()

    public companion object {
        /** Samples that one probability is for: 32 ms. */
        public const val CHUNK: Int = 512
    }
}

private fun concatenated(parts: List<FloatArray>): FloatArray {
    val all = FloatArray(parts.sumOf { it.size })
    var at = 0
    for (part in parts) {
        part.copyInto(all, at)
        at += part.size
    }
    return all
}
