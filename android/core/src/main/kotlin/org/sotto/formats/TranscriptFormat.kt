package org.sotto.formats

import org.sotto.OptionException
import org.sotto.Segment
import org.sotto.Transcription

/**
 * How subtitles with word times are cut; without words, a cue is a segment. Names are openai-whisper's.
 *
 * @property highlightWords a cue a word, which is underlined; in lyrics a time before each word.
 * @property maxLineWidth characters a line; null: no limit.
 * @property maxLineCount lines a cue; with [maxLineWidth], cues no longer end with segments.
 * @property maxWordsPerLine words a cue, where no [maxLineWidth] breaks lines.
 */
public data class LineOptions(
    public val highlightWords: Boolean = false,
    public val maxLineWidth: Int? = null,
    public val maxLineCount: Int? = null,
    public val maxWordsPerLine: Int? = null,
) {
    init {
        val limits =
            listOf("maxLineWidth" to maxLineWidth, "maxLineCount" to maxLineCount, "maxWordsPerLine" to maxWordsPerLine)
        for ((name, limit) in limits) {
            if (limit != null && limit < 1) throw OptionException("$name is $limit; expected 1 or more, or null for no limit")
        }
    }
}

/**
 * What a transcription is written as, byte for byte as the command `sotto` writes its files: those of openai-whisper's
 * writers, and whisper.cpp's lyrics.
 */
public enum class TranscriptFormat(private val writer: (Transcription, LineOptions) -> String) {
    /** A line a segment. */
    TXT({ transcription, _ -> txt(transcription) }),

    /** WebVTT subtitles. */
    VTT(::vtt),

    /** SubRip subtitles. */
    SRT(::srt),

    /** Start and end in whole milliseconds, and text, between tabs. */
    TSV({ transcription, _ -> tsv(transcription) }),

    /** openai-whisper's result, in ASCII. */
    JSON({ transcription, _ -> json(transcription) }),

    /** The format of song lyrics. */
    LRC(::lrc);

    /** Of a file, without its dot. */
    public val suffix: String = name.lowercase()

    /** The text of the file. */
    public fun write(transcription: Transcription, lines: LineOptions = LineOptions()): String =
        writer(transcription, lines)
}

private fun txt(transcription: Transcription): String =
    transcription.segments.joinToString("") { stripped(it.text) + "\n" }

private fun tsv(transcription: Transcription): String =
    "start\tend\ttext\n" +
        transcription.segments.joinToString("") {
            "${rounded(1000 * it.start)}\t${rounded(1000 * it.end)}\t${stripped(it.text).replace("\t", " ")}\n"
        }

private fun srt(transcription: Transcription, lines: LineOptions): String =
    cues(transcription, lines)
        .mapIndexed { i, cue ->
            val start = clock(cue.start, hours = true, marker = ',')
            "${i + 1}\n$start --> ${clock(cue.end, hours = true, marker = ',')}\n${cue.text}\n\n"
        }
        .joinToString("")

private fun vtt(transcription: Transcription, lines: LineOptions): String =
    "WEBVTT\n\n" +
        cues(transcription, lines).joinToString("") { "${clock(it.start)} --> ${clock(it.end)}\n${it.text}\n\n" }

/** `{"text": …, "segments": […], "language": …}`, in openai-whisper's order of keys. */
private fun json(transcription: Transcription): String = buildString {
    append("{\"text\": ${quoted(transcription.text)}, \"segments\": [")
    append(transcription.segments.joinToString(", ", transform = ::json))
    append("], \"language\": ${quoted(transcription.language)}}")
}

private fun json(segment: Segment): String = buildString {
    append("{\"id\": ${segment.id}, \"seek\": ${segment.seek}")
    append(", \"start\": ${number(segment.start)}, \"end\": ${number(segment.end)}")
    append(", \"text\": ${quoted(segment.text)}, \"tokens\": [${segment.tokens.joinToString(", ")}]")
    append(", \"temperature\": ${number(segment.temperature)}, \"avg_logprob\": ${number(segment.avgLogprob)}")
    append(", \"compression_ratio\": ${number(segment.compressionRatio)}")
    append(", \"no_speech_prob\": ${number(segment.noSpeechProb)}")
    val words = segment.words
    if (words != null) {
        val each =
            words.joinToString(", ") {
                "{\"word\": ${quoted(it.text)}, \"start\": ${number(it.start)}, \"end\": ${number(it.end)}" +
                    ", \"probability\": ${number(it.probability)}}"
            }
        append(", \"words\": [$each]")
    }
    append("}")
}
