package org.sotto

import java.io.File
import kotlin.test.assertContains
import kotlin.test.assertEquals
import org.jetbrains.kotlin.abi.tools.AbiFilters
import org.jetbrains.kotlin.abi.tools.AbiTools
import org.junit.jupiter.api.Test

class PublicApiTest {
    @Test
    fun `the public interface is the recorded one`() {
        val folder = File(Sotto::class.java.protectionDomain.codeSource.location.toURI())
        val classes = folder.walk().filter { it.extension == "class" }.sorted().toList()
        val found = buildString { AbiTools.getInstance().printJvmDump(this, classes, AbiFilters.EMPTY) }
        assertContains(found, "public final class org/sotto/SottoModel")
        val recorded = File(Goldens.repository, "android/core/api/core.api")
        val made = File(Goldens.folder, "core.api").apply { writeText(found) }
        assertEquals(
            if (recorded.exists()) recorded.readText() else "",
            found,
            "the public interface changed: if programs that were compiled before still run, cp $made $recorded",
        )
    }
}
