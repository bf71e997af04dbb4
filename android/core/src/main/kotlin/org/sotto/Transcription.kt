package org.sotto

/**
 * A word and its time.
 *
 * @property text with its leading space and punctuation.
 * @property start in seconds.
 * @property end in seconds.
 * @property probability mean of its tokens'.
 */
public data class Word(
    public val text: String,
    public val start: Double,
    public val end: Double,
    public val probability: Double,
)

/**
 * openai-whisper's segment: from one timestamp to the next, or a window.
 *
 * @property id 0, 1, …
 * @property seek the log-mel frame (10 ms) at which its window begins.
 * @property start in seconds.
 * @property end in seconds.
 * @property text as decoded, with its leading space.
 * @property tokens ids, timestamps among them.
 * @property temperature that its window was decoded at.
 * @property avgLogprob of its window's tokens, natural logarithm.
 * @property compressionRatio of its window's text.
 * @property noSpeechProb of its window.
 * @property words null unless [TranscribeOptions.wordTimestamps] was set.
 */
public data class Segment(
    public val id: Int,
    public val seek: Long,
    public val start: Double,
    public val end: Double,
    public val text: String,
    public val tokens: List<Int>,
    public val temperature: Double,
    public val avgLogprob: Double,
    public val compressionRatio: Double,
    public val noSpeechProb: Double,
    public val words: List<Word>?,
)

/**
 * What was said.
 *
 * @property text of all segments, as openai-whisper joins it.
 * @property language its code, as given or detected.
 * @property duration seconds of audio.
 * @property segments in the order of time.
 */
public data class Transcription(
    public val text: String,
    public val language: String,
    public val duration: Double,
    public val segments: List<Segment>,
)

/** What happens while a recording is transcribed. */
public sealed interface TranscribeEvent {
    /** The language was detected; it comes before any segment. */
    public data class LanguageDetected(public val language: String) : TranscribeEvent

    /** [done] of the audio's [duration], in seconds. */
    public data class Progress(public val done: Double, public val duration: Double) : TranscribeEvent

    /** A segment's window is done. */
    public data class SegmentDone(public val segment: Segment) : TranscribeEvent

    /** All is done; the last event. */
    public data class Finished(public val transcription: Transcription) : TranscribeEvent
}

/**
 * The language that is spoken.
 *
 * @property code such as `en`.
 * @property probability 0 to 1.
 */
public data class DetectedLanguage(public val code: String, public val probability: Float)

/** Words of the library: a text each, and three numbers each in [numbers]. */
internal fun wordsOf(texts: Array<ByteArray>, numbers: DoubleArray): List<Word> =
    texts.mapIndexed { i, text -> Word(String(text), numbers[3 * i], numbers[3 * i + 1], numbers[3 * i + 2]) }
