package org.sotto.formats

import kotlin.test.assertEquals
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.booleanOrNull
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.sotto.Goldens
import org.sotto.OptionException
import org.sotto.string
import org.sotto.transcriptionOf

class TranscriptFormatTest {
    @Test
    fun `files are the command's, byte for byte`() {
        var compared = 0
        for (case in Goldens["formats"].jsonArray.map { it.jsonObject }) {
            val transcription = transcriptionOf(case.getValue("result").jsonObject, 0.0)
            val lines = linesOf(case.getValue("lines").jsonObject)
            val expected = case.getValue("files").jsonObject
            // Real results are Python's own, whose JSON has what a made one lacks.
            for (format in TranscriptFormat.entries) {
                assertEquals(expected.string(format.suffix), format.write(transcription, lines), "$format of $case")
                compared += 1
            }
        }
        assertEquals(true, compared > 500, "$compared compared")
    }

    @Test
    fun `numbers are Python's`() {
        for ((bits, text) in Goldens["numbers"].jsonArray.map { it.jsonArray }) {
            val value = Double.fromBits(bits.jsonPrimitive.content.toULong(16).toLong())
            assertEquals(text.jsonPrimitive.content, number(value))
        }
        assertEquals(listOf("NaN", "Infinity", "-Infinity"), listOf(Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY).map(::number))
    }

    @Test
    fun `a limit below one is refused by name`() {
        val error = assertThrows<OptionException> { LineOptions(maxLineCount = 0) }
        assertEquals("maxLineCount is 0; expected 1 or more, or null for no limit", error.message)
    }

    private fun linesOf(json: JsonObject): LineOptions {
        fun limit(name: String): Int? = json.getValue(name).takeUnless { it is JsonNull }?.jsonPrimitive?.int
        return LineOptions(
            json.getValue("highlight_words").jsonPrimitive.booleanOrNull == true,
            limit("max_line_width"),
            limit("max_line_count"),
            limit("max_words_per_line"),
        )
    }
}
