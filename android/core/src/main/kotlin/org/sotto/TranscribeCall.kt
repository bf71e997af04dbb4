package org.sotto


/**
 * One transcription: what the library calls while it runs, on the thread that runs it. What these functions throw
 * ends it, and comes out of [run].
 */
internal class TranscribeCall(
    private val source: AudioSource,
    private val options: TranscribeOptions,
    private val isCancelled: () -> Boolean,
    private val onEvent: (TranscribeEvent) -> Unit,
) {
    private val segments = mutableListOf<Segment>()

    fun run(session: Long, vad: Long) {
        options.check()
        source.rewind()
        Native.transcribe(
            session,
            this,
            utf8OrNull("language", options.language),
            utf8("task", options.task.word),
            utf8OrNull("initialPrompt", options.initialPrompt),
            utf8OrNull("hotwords", options.hotwords),
            options.wordTimestamps,
            options.withoutTimestamps,
            options.conditionOnPreviousText,
            options.beamSize ?: 0,
            options.bestOf ?: 0,
            options.patience ?: Double.NaN,
            options.lengthPenalty ?: Double.NaN,
            options.temperatures.toDoubleArray(),
            options.compressionRatioThreshold ?: Double.NaN,
            options.logprobThreshold ?: Double.NaN,
            options.noSpeechThreshold ?: Double.NaN,
            options.seed,
            options.window,
            vad,
        )
    }

    fun read(buffer: FloatArray): Int = source.read(buffer)

    fun rewind() = source.rewind()

    fun cancelled(): Boolean = isCancelled()

    fun onLanguage(code: ByteArray) = onEvent(TranscribeEvent.LanguageDetected(String(code)))

    fun onProgress(done: Double, duration: Double) = onEvent(TranscribeEvent.Progress(done, duration))

    fun onSegment(
        id: Int,
        seek: Long,
        start: Double,
        end: Double,
        text: ByteArray,
        tokens: IntArray,
        temperature: Double,
        avgLogprob: Double,
        compressionRatio: Double,
        noSpeechProb: Double,
        wordTexts: Array<ByteArray>,
        wordNumbers: DoubleArray,
    ) {
        val segment =
            Segment(
                id,
                seek,
                start,
                end,
                String(text),
                tokens.toList(),
                temperature,
                avgLogprob,
                compressionRatio,
                noSpeechProb,
                if (options.wordTimestamps) wordsOf(wordTexts, wordNumbers) else null,
            )
        segments += segment
        onEvent(TranscribeEvent.SegmentDone(segment))
    }

    fun onEnd(text: ByteArray, language: ByteArray, duration: Double) =
        onEvent(TranscribeEvent.Finished(Transcription(String(text), String(language), duration, segments.toList())))
}
