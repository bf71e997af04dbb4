package org.sotto

import java.io.File
import java.io.RandomAccessFile
import java.nio.file.Files
import java.nio.file.Path
import kotlin.test.assertEquals
import kotlin.test.assertFailsWith
import kotlin.test.assertTrue
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

class ErrorsTest {
    private val speech = AudioSource.of(Goldens.samples)

    @Test
    fun `each code of the library's is a class`() {
        val classes =
            listOf(
                AudioException::class,
                BundleException::class,
                ModelException::class,
                OptionException::class,
                DeviceException::class,
                OutputException::class,
                CancelledException::class,
                ImageException::class,
                MemoryException::class,
            )
        assertEquals(classes, (1..9).map { exceptionOf(it, "why")::class })
        val header = File(Goldens.repository, "cpp/include/sotto.h").readText()
        assertEquals(classes.size, Regex("SOTTO_ERROR_[A-Z]+ = \\d+").findAll(header).count())
    }

    @Test
    fun `text of any script goes through`(@TempDir folder: Path) = runBlocking {
        val named = folder.resolve("模型 Größe 🎧")
        Files.createSymbolicLink(named, Path.of(Goldens.bundle("vad")))
        ModelBundle.open("$named").use { VoiceActivityDetector.load(it, Loaded.options).close() }
        val error = assertFailsWith<BundleException> { ModelBundle.open("$named/没有 🎧") }
        assertTrue("模型 Größe 🎧/没有 🎧" in error.message!!, error.message)
    }

    @Test
    fun `what is no bundle, or another's, is refused`(@TempDir folder: Path) = runBlocking {
        val empty = assertFailsWith<BundleException> { load("$folder") }
        assertTrue("manifest.json" in empty.message!!, empty.message)
        assertFailsWith<BundleException> { load(Goldens.bundle("vad")) }
        Files.writeString(folder.resolve("manifest.json"), "{")
        assertFailsWith<BundleException> { load("$folder") }
        Unit
    }

    private suspend fun load(path: String, options: LoadOptions = Loaded.options) {
        ModelBundle.open(path).use { SottoModel.load(it, options).close() }
    }

    @Test
    fun `a library or an accelerator that is not there is named`() = runBlocking {
        val missing = assertFailsWith<DeviceException> { load(Goldens.bundle("speech"), LoadOptions(liteRt = "/no/🎧.so")) }
        assertTrue("/no/🎧.so" in missing.message!!, missing.message)
        val npu = LoadOptions(liteRt = Goldens.liteRt, accelerator = Accelerator.NPU)
        assertFailsWith<DeviceException> { load(Goldens.bundle("speech"), npu) }
        val messages = mutableListOf<String>()
        Sotto.setLog { _, message -> synchronized(messages) { messages += message } }
        val auto = LoadOptions(liteRt = Goldens.liteRt, accelerator = Accelerator.AUTO)
        ModelBundle.open(Goldens.bundle("speech")).use { bundle ->
            SottoModel.load(bundle, auto).use { assertEquals(Accelerator.CPU, it.accelerator) }
        }
        Sotto.setLog(null)
        assertTrue(messages.any { "no NPU is used" in it }, "$messages")
    }

    @Test
    fun `a log that throws does not end what it tells of`() = runBlocking {
        Sotto.setLog { _, _ -> throw IllegalStateException("the log is full") }
        val auto = LoadOptions(liteRt = Goldens.liteRt, accelerator = Accelerator.AUTO)
        load(Goldens.bundle("speech"), auto)
        Sotto.setLog(null)
    }

    @Test
    fun `options out of range are named`() = runBlocking {
        for ((options, name) in
            listOf(
                TranscribeOptions(beamSize = 0) to "beamSize 0",
                TranscribeOptions(language = "xx") to "xx",
                TranscribeOptions(temperatures = emptyList()) to "temperatures",
                TranscribeOptions(temperatures = listOf(-1.0)) to "temperature",
                TranscribeOptions(initialPrompt = "a\u0000b") to "initialPrompt holds the character U+0000",
            )) {
            val error = assertFailsWith<OptionException>("$options") { Loaded.model.recognize(speech, options) }
            assertTrue(name in error.message!!, error.message)
        }
    }

    @Test
    fun `what is no audio is refused`(@TempDir folder: Path) = runBlocking {
        assertFailsWith<AudioException> { Loaded.model.recognize(AudioSource.of(FloatArray(0))) }
        val bad = Goldens.samples.copyOf().also { it[5] = Float.NaN }
        assertFailsWith<AudioException> { Loaded.model.recognize(AudioSource.of(bad)) }
        val boasting =
            object : AudioSource {
                override fun read(buffer: FloatArray): Int = buffer.size + 1

                override fun rewind() = Unit
            }
        assertFailsWith<AudioException> { Loaded.model.recognize(boasting) }
        val file = Files.writeString(folder.resolve("no.wav"), "no audio")
        assertFailsWith<AudioException> { AudioSource.wav("$file") }
        assertFailsWith<AudioException> { AudioSource.wav("$folder/none.wav") }
        Unit
    }

    @Test
    fun `a bundle comes from descriptors as well`() = runBlocking {
        val directory = File(Goldens.bundle("vad"))
        val files = directory.walk().filter { it.isFile }.associate { it.relativeTo(directory).path to RandomAccessFile(it, "r") }
        val ranges = files.map { (name, file) -> FileRange(name, descriptorOf(File(directory, name)), 0, file.length()) }
        val bundle = ModelBundle.fromDescriptors("assets 🎧", ranges)
        val detector = VoiceActivityDetector.load(bundle, Loaded.options)
        bundle.close()
        files.values.forEach { it.close() }
        assertEquals(Loaded.detector.spans(speech), detector.use { it.spans(speech) })
        val error = assertFailsWith<BundleException> {
            ModelBundle.fromDescriptors("assets 🎧", emptyList()).use { SottoModel.load(it, Loaded.options) }
        }
        assertTrue("assets 🎧" in error.message!!, error.message)
        assertFailsWith<OptionException> { ModelBundle.fromDescriptors("a", listOf(FileRange("b", 0, -1, 1))) }
        Unit
    }

    /** Java does not tell the number of an open file's descriptor; Linux does. */
    private fun descriptorOf(file: File): Int =
        File("/proc/self/fd").list()!!.map { it.toInt() }.first { number ->
            val link = Path.of("/proc/self/fd/$number")
            runCatching { Files.readSymbolicLink(link).toFile().canonicalFile == file.canonicalFile }.getOrDefault(false)
        }
}
