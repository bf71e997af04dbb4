package org.sotto

import java.io.File
import java.io.RandomAccessFile
import java.nio.ByteBuffer
import java.nio.ByteOrder
import kotlin.test.assertEquals
import kotlin.test.assertTrue
import org.junit.jupiter.api.Test

class NativeLibraryTest {
    private val library = File(System.getProperty("java.library.path"), System.mapLibraryName("sotto_jni"))

    @Test
    fun `the native library is of the Kotlin library's version`() {
        assertEquals(System.getProperty("sotto.version"), Sotto.version)
    }

    @Test
    fun `the library's segments are aligned for pages of 16 KB`() {
        val alignments = loadAlignments(library)
        assertTrue(alignments.isNotEmpty())
        assertTrue(alignments.all { it == 16_384L }, "$alignments")
    }

    @Test
    fun `the library has what Kotlin declares, and shows nothing else`() {
        val declared =
            Native::class.java.declaredMethods
                .filter { java.lang.reflect.Modifier.isNative(it.modifiers) }
                .map { "Java_org_sotto_Native_${it.name}" }
        val nm = ProcessBuilder("nm", "-D", "--defined-only", library.path).start()
        val shown = nm.inputStream.bufferedReader().readLines().map { it.substringAfterLast(' ') }
        assertEquals((declared + listOf("JNI_OnLoad", "JNI_OnUnload")).sorted(), shown.sorted())
    }

    /** The alignment of each PT_LOAD of a 64-bit ELF file. */
    private fun loadAlignments(file: File): List<Long> =
        RandomAccessFile(file, "r").use { elf ->
            val bytes = ByteArray(4096).also { elf.readFully(it) }
            val header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)
            val table = header.getLong(32).toInt()
            val size = header.getShort(54).toInt()
            (0 until header.getShort(56).toInt())
                .map { table + it * size }
                .filter { header.getInt(it) == 1 }
                .map { header.getLong(it + 48) }
        }
}
