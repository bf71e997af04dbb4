package org.sotto.formats

/** To the nearest whole number, the even one of two, as Python's `round`. */
internal fun rounded(value: Double): Long = Math.rint(value).toLong()

/** `01:02.345`, with the hours (`01:01:02.345`) if there are some or they are asked for. */
internal fun clock(seconds: Double, hours: Boolean = false, marker: Char = '.'): String {
    val all = rounded(seconds * 1000)
    val hour = all / 3_600_000
    val shown = if (hours || hour > 0) "${padded(hour, 2)}:" else ""
    return "$shown${padded(all / 60_000 % 60, 2)}:${padded(all / 1000 % 60, 2)}$marker${padded(all % 1000, 3)}"
}

/** `62:03.45`: minutes however many, and hundredths. */
internal fun lyricClock(seconds: Double): String {
    val all = rounded(seconds * 100)
    return "${padded(all / 6000, 2)}:${padded(all / 100 % 60, 2)}.${padded(all % 100, 2)}"
}

// String.format writes the digits of the phone's language.
private fun padded(value: Long, digits: Int): String = value.toString().padStart(digits, '0')
