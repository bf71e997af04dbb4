package org.sotto

import java.util.concurrent.Executors
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.asCoroutineDispatcher
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.withContext

/**
 * Runs [block], which calls the runtime, on a thread of its own, and waits for its end though the coroutine be
 * cancelled: what the native code works on must not go away under it.
 */
internal suspend fun <T> onEngineThread(name: String, block: CoroutineScope.() -> T): T {
    val executor = Executors.newSingleThreadExecutor { task -> Thread(task, name).apply { isDaemon = true } }
    try {
        return executor.asCoroutineDispatcher().use { withContext(it) { block() } }
    } catch (error: CancelledException) {
        // A cancelled coroutine is told so in Kotlin's own way.
        currentCoroutineContext().ensureActive()
        throw error
    }
}

/** The same for what has to be closed: nothing is left open where the coroutine was cancelled meanwhile. */
internal suspend fun <T : AutoCloseable> openOnEngineThread(name: String, open: () -> T): T {
    var opened: T? = null
    try {
        onEngineThread(name) { opened = open() }
        return checkNotNull(opened)
    } catch (error: CancellationException) {
        opened?.close()
        throw error
    }
}
