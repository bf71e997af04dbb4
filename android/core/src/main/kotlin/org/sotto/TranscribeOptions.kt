package org.sotto

/** What is made of speech. */
public enum class Task(internal val word: String) {
    /** Text in the language that is spoken. */
    TRANSCRIBE("transcribe"),

    /** English text. */
    TRANSLATE("translate"),
}

/**
 * How a recording is transcribed: `sotto_transcribe_options`. Names, meanings and defaults are openai-whisper's; a
 * number that is null is not set. The runtime checks them: [OptionException].
 *
 * @property language a code such as `en`; null: detect it.
 * @property task transcribe, or translate into English.
 * @property initialPrompt text before the first window: names, terms, a style.
 * @property hotwords words put before every window.
 * @property wordTimestamps time each word.
 * @property withoutTimestamps text alone: a window is a segment.
 * @property conditionOnPreviousText a window's prompt is the text before it.
 * @property beamSize at temperature 0; null: greedy.
 * @property bestOf samples drawn above temperature 0.
 * @property patience of beam search (arXiv:2204.05424).
 * @property lengthPenalty 0 to 1; null: divide by the length.
 * @property temperatures tried in turn while a window fails.
 * @property compressionRatioThreshold above it a window failed: too repetitive.
 * @property logprobThreshold with an average below it a window failed: too unsure.
 * @property noSpeechThreshold above it, and unsure of the text, a window is silence.
 * @property seed of sampling above temperature 0.
 * @property window seconds of one of the bundle's windows; 0: the shortest that fits.
 */
public data class TranscribeOptions(
    public val language: String? = null,
    public val task: Task = Task.TRANSCRIBE,
    public val initialPrompt: String? = null,
    public val hotwords: String? = null,
    public val wordTimestamps: Boolean = false,
    public val withoutTimestamps: Boolean = false,
    public val conditionOnPreviousText: Boolean = true,
    public val beamSize: Int? = null,
    public val bestOf: Int? = null,
    public val patience: Double? = null,
    public val lengthPenalty: Double? = null,
    public val temperatures: List<Double> = listOf(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
    public val compressionRatioThreshold: Double? = 2.4,
    public val logprobThreshold: Double? = -1.0,
    public val noSpeechThreshold: Double? = 0.6,
    public val seed: Long = 0,
    public val window: Int = 0,
) {
    internal fun check() {
        if (temperatures.isEmpty()) throw OptionException("temperatures is empty: expected one or more numbers")
        // The library takes 0 for "not set".
        for ((name, value) in listOf("beamSize" to beamSize, "bestOf" to bestOf)) {
            if (value != null && value < 1) throw OptionException("$name $value: expected 1 or more, or null")
        }
    }
}
