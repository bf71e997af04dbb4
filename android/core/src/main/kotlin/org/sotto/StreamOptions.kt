package org.sotto

/**
 * How a stream is transcribed: `sotto_stream_options`, which the runtime checks: [OptionException].
 *
 * @property language a code such as `en`; null: detect it, then keep it.
 * @property task transcribe, or translate into English.
 * @property initialPrompt text before anything is confirmed.
 * @property step seconds of audio between decodings.
 * @property maxBuffer seconds held and decoded at once, 4 to 29.
 * @property agreement decodings that must agree on a word, 1 to 5.
 * @property endpointSilence seconds without speech that end an utterance.
 * @property bufferSeconds how far the engine may be behind before samples are dropped, 1 to 600.
 */
public data class StreamOptions(
    public val language: String? = null,
    public val task: Task = Task.TRANSCRIBE,
    public val initialPrompt: String? = null,
    public val step: Double = 0.5,
    public val maxBuffer: Double = 9.0,
    public val agreement: Int = 2,
    public val endpointSilence: Double = 0.5,
    public val bufferSeconds: Int = 30,
) {
    /** Samples. */
    internal fun capacity(): Int {
        if (bufferSeconds !in 1..600) throw OptionException("bufferSeconds $bufferSeconds: expected 1 to 600")
        return bufferSeconds * SAMPLE_RATE
    }

    /** A stream of the library's, which gives its updates to [call]. */
    internal fun open(model: Long, vad: Long, call: StreamCall): Long =
        Native.streamNew(
            model,
            vad,
            call,
            utf8OrNull("language", language),
            utf8("task", task.word),
            utf8OrNull("initialPrompt", initialPrompt),
            step,
            maxBuffer,
            agreement,
            endpointSilence,
        )
}

/**
 * What was heard since the update before. Times are seconds of the stream.
 *
 * @property confirmed new words, which never change nor come again; all updates' are the transcript.
 * @property tentative all words past the confirmed ones, which the next update replaces.
 * @property utterances that have ended so far: the words between two pauses.
 * @property position seconds decoded or heard so far.
 * @property language as given or detected; empty before the first words.
 */
public data class StreamUpdate(
    public val confirmed: List<Word>,
    public val tentative: List<Word>,
    public val utterances: Int,
    public val position: Double,
    public val language: String,
)

/** What the library calls while it decodes, on the stream's thread. */
internal class StreamCall(
    private val isCancelled: () -> Boolean,
    private val onUpdate: (StreamUpdate) -> Unit,
) {
    fun cancelled(): Boolean = isCancelled()

    fun onUpdate(
        confirmedTexts: Array<ByteArray>,
        confirmedNumbers: DoubleArray,
        tentativeTexts: Array<ByteArray>,
        tentativeNumbers: DoubleArray,
        utterances: Int,
        position: Double,
        language: ByteArray,
    ) =
        onUpdate(
            StreamUpdate(
                wordsOf(confirmedTexts, confirmedNumbers),
                wordsOf(tentativeTexts, tentativeNumbers),
                utterances,
                position,
                String(language),
            )
        )
}
