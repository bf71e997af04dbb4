package org.sotto.formats

import org.sotto.Transcription
import org.sotto.Word

/** `[mm:ss.xx]text`: what `output_lrc` of whisper.cpp's `examples/cli/cli.cpp` writes. */
internal fun lrc(transcription: Transcription, lines: LineOptions): String {
    val written = if (hasWords(transcription)) wordLines(transcription, lines) else segmentLines(transcription)
    return "[by:sotto]\n" + written.joinToString("") { "$it\n" }
}

private fun segmentLines(transcription: Transcription): List<String> =
    transcription.segments.map { "[${lyricClock(it.start)}]${oneLine(it.text)}" }

private fun wordLines(transcription: Transcription, lines: LineOptions): List<String> =
    groupedWords(transcription.segments, lines).flatMap(::linesOf).map { words ->
        val text =
            if (lines.highlightWords) stripped(words.joinToString("", transform = ::timed)) + "<${lyricClock(words.last().end)}>"
            else oneLine(words.joinToString("") { it.text })
        "[${lyricClock(words.first().start)}]$text"
    }

private fun linesOf(cue: List<Word>): List<List<Word>> {
    val lines = mutableListOf(mutableListOf<Word>())
    for (word in cue) {
        if (lines.last().isNotEmpty() && word.text.startsWith("\n")) lines += mutableListOf<Word>()
        lines.last() += word
    }
    return lines
}

private fun timed(word: Word): String {
    val spaces = if (word.text.startsWith(" ")) " " else ""
    return "$spaces<${lyricClock(word.start)}>${oneLine(word.text)}"
}
