package org.sotto.formats

import java.math.BigDecimal
import java.math.MathContext
import java.math.RoundingMode

// Text and numbers as Python has them, where Kotlin's differ: the command's files are written by Python.

/** What Python's `str.isspace` says of a character. */
internal fun isSpace(char: Char): Boolean =
    when (char) {
        in '\t'..'\r',
        in '\u001c'..' ',
        '\u0085',
        '\u00a0',
        '\u1680',
        in '\u2000'..'\u200a',
        '\u2028',
        '\u2029',
        '\u202f',
        '\u205f',
        '\u3000' -> true
        else -> false
    }

/** `text.strip()`. */
internal fun stripped(text: String): String = text.trim(::isSpace)

/** `" ".join(text.split())`. */
internal fun oneLine(text: String): String = buildString {
    for (char in stripped(text)) {
        if (!isSpace(char)) append(char) else if (last() != ' ') append(' ')
    }
}

/** `len(text)`: characters, of which some are two of Kotlin's. */
internal fun length(text: String): Int = text.codePointCount(0, text.length)

/** `json.dumps(text)`: in ASCII. */
internal fun quoted(text: String): String = buildString {
    append('"')
    for (char in text) {
        when (char) {
            '"' -> append("\\\"")
            '\\' -> append("\\\\")
            '\n' -> append("\\n")
            '\r' -> append("\\r")
            '\t' -> append("\\t")
            '\b' -> append("\\b")
            '\u000c' -> append("\\f")
            in ' '..'~' -> append(char)
            else -> append("\\u").append(char.code.toString(16).padStart(4, '0'))
        }
    }
    append('"')
}

/** `repr(value)` of a float: the fewest digits that give it back, with a point or an exponent as Python's. */
internal fun number(value: Double): String {
    if (value.isNaN()) return "NaN"
    if (value.isInfinite()) return if (value > 0) "Infinity" else "-Infinity"
    val sign = if (value < 0 || 1 / value < 0) "-" else ""
    val decimal = shortest(Math.abs(value))
    val digits = decimal.unscaledValue().toString()
    // Of the first digit: 0 for 1.5, -1 for 0.15.
    val exponent = if (value == 0.0) 0 else digits.length - 1 - decimal.scale()
    return sign +
        when {
            exponent in 0..15 && digits.length <= exponent + 1 -> digits.padEnd(exponent + 1, '0') + ".0"
            exponent in 0..15 -> digits.substring(0, exponent + 1) + "." + digits.substring(exponent + 1)
            exponent in -4..-1 -> "0." + "0".repeat(-exponent - 1) + digits
            else -> scientific(digits, exponent)
        }
}

private fun scientific(digits: String, exponent: Int): String {
    val fraction = if (digits.length > 1) "." + digits.substring(1) else ""
    val size = Math.abs(exponent).toString().padStart(2, '0')
    return "${digits[0]}${fraction}e${if (exponent < 0) "-" else "+"}$size"
}

/**
 * The decimal of the fewest digits that rounds to [value], of several the nearest. Double.toString of JDKs before 19
 * writes more digits than that.
 */
private fun shortest(value: Double): BigDecimal {
    val exact = BigDecimal(value)
    for (digits in 1..17) {
        val found =
            listOf(RoundingMode.FLOOR, RoundingMode.CEILING)
                .map { exact.round(MathContext(digits, it)) }
                .filter { it.toDouble() == value }
                .minByOrNull { (it - exact).abs() }
        if (found != null) return found.stripTrailingZeros()
    }
    return exact.stripTrailingZeros()
}
