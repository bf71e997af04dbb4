package org.sotto.formats

import org.sotto.Segment
import org.sotto.Transcription
import org.sotto.Word

/** Text to show from [start] to [end], in seconds; lines end with a newline character. */
internal class Cue(val start: Double, val end: Double, val text: String)

/** Seconds without a word that end a cue which may span segments. */
private const val LONG_PAUSE = 3.0

/** Characters and words a line, where nobody said. */
private const val UNLIMITED = 1000

/** Whether it was made with word times. */
internal fun hasWords(transcription: Transcription): Boolean =
    transcription.segments.isNotEmpty() && transcription.segments.all { it.words != null }

/** Cues in the order of time, as openai-whisper's SRT and VTT writers cut them (`SubtitlesWriter`). */
internal fun cues(transcription: Transcription, lines: LineOptions): List<Cue> {
    if (!hasWords(transcription)) {
        // An arrow in the text would end the cue's times.
        return transcription.segments.map { Cue(it.start, it.end, stripped(it.text).replace("-->", "->")) }
    }
    return groupedWords(transcription.segments, lines).flatMap { words ->
        if (lines.highlightWords) highlighted(words)
        else listOf(Cue(words.first().start, words.last().end, words.joinToString("") { it.text }))
    }
}

/** The words of each cue, with the spaces around them and the newline they begin a line with; none is empty. */
internal fun groupedWords(segments: List<Segment>, lines: LineOptions): List<List<Word>> {
    val width = lines.maxLineWidth ?: UNLIMITED
    // Cues with a bound on both sides flow on from segment to segment.
    val isBySegment = lines.maxLineWidth == null || lines.maxLineCount == null
    val cues = mutableListOf<List<Word>>()
    var cue = mutableListOf<Word>()
    var lineLength = 0
    var lineCount = 1
    var last = segments.firstNotNullOfOrNull { it.words?.firstOrNull() }?.start ?: segments.first().start
    for (segment in segments) {
        segment.words.orEmpty().forEachIndexed { i, word ->
            var text = word.text
            val isPause = !isBySegment && word.start - last > LONG_PAUSE
            val beginsCue = i % (lines.maxWordsPerLine ?: UNLIMITED) == 0 && cue.isNotEmpty() && isBySegment
            val fits = lineLength in 1..width - length(text)
            if (fits && !isPause && !beginsCue) {
                lineLength += length(text)
            } else {
                text = stripped(text)
                val isFull =
                    cue.isNotEmpty() && lines.maxLineCount != null && (isPause || lineCount >= lines.maxLineCount)
                if (isFull || beginsCue) {
                    cues += cue
                    cue = mutableListOf()
                    lineCount = 1
                } else if (lineLength > 0) {
                    lineCount += 1
                    text = "\n" + text
                }
                lineLength = length(stripped(text))
            }
            cue += word.copy(text = text)
            last = word.start
        }
    }
    if (cue.isNotEmpty()) cues += cue
    return cues
}

/** A cue a word with that word underlined, and the plain text between words. */
private fun highlighted(words: List<Word>): List<Cue> {
    val plain = words.joinToString("") { it.text }
    val cues = mutableListOf<Cue>()
    var last = words.first().start
    for ((i, word) in words.withIndex()) {
        // Times that are written alike leave no room for a cue.
        if (rounded(last * 1000) != rounded(word.start * 1000)) cues += Cue(last, word.start, plain)
        val text = words.withIndex().joinToString("") { (j, each) -> if (j == i) underlined(each.text) else each.text }
        cues += Cue(word.start, word.end, text)
        last = word.end
    }
    return cues
}

/** The text in `<u>…</u>`, but for the spaces before it: `^(\s*)(.*)$`, which a line break within does not match. */
private fun underlined(text: String): String {
    val spaces = text.takeWhile(::isSpace)
    val rest = text.substring(spaces.length)
    val line = rest.removeSuffix("\n")
    if ('\n' in line) return text
    return "$spaces<u>$line</u>${rest.substring(line.length)}"
}
