package org.sotto

import kotlin.math.sqrt
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.double
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Test

class TextEncoderTest {
    private fun encoder(kind: String = "text"): TextEncoder =
        runBlocking { ModelBundle.open(Goldens.bundle(kind)).use { TextEncoder.load(it, Loaded.options) } }

    @Test
    fun `vectors are Python's`() = runBlocking {
        val golden = Goldens["embeddings"].jsonObject
        val texts = golden.array("texts").map { it.jsonPrimitive.content }
        val expected = golden.array("vectors").map { row -> row.jsonArray.map { it.jsonPrimitive.double } }
        encoder().use { encoder ->
            assertEquals(384, encoder.dimensions)
            val found = encoder.encode(texts)
            assertEquals(texts.size, found.size)
            for ((i, vector) in found.withIndex()) {
                // Python divides by the length in float32, the library in float64.
                for ((j, value) in vector.withIndex()) assertEquals(expected[i][j], value.toDouble(), 1e-6)
                assertEquals(1.0, sqrt(vector.sumOf { it.toDouble() * it }), 1e-5)
            }
            assertEquals(emptyList(), encoder.encode(emptyList()))
        }
    }

    @Test
    fun `what can't be embedded is refused`() = runBlocking {
        val encoder = encoder()
        assertFailsWith<OptionException> { encoder.encode(listOf("a"), prompt = "no such prompt") }
        val error = assertFailsWith<OptionException> { encoder.encode(listOf("a", "b\u0000c")) }
        assertTrue("text 1 holds the character U+0000" in error.message!!)
        encoder.close()
        assertFailsWith<OptionException> { encoder.encode(listOf("a")) }
        assertFailsWith<BundleException> { encoder("speech") }
        Unit
    }
}
