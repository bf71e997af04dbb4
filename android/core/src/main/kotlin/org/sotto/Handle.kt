package org.sotto

import kotlinx.coroutines.CompletableDeferred

/**
 * A native object that any number of threads use and one closes, at any time: it is freed by whoever leaves last.
 *
 * [what] it is called in messages. [free] is called once, on the thread that leaves last.
 */
internal class Handle(private val what: String, private val address: Long, private val free: (Long) -> Unit) {
    private val lock = Any()
    private var users = 0
    private val ended = CompletableDeferred<Unit>()

    @Volatile
    var isClosed: Boolean = false
        private set

    /** The address is good until [leave]. Raises [OptionException] where it is closed. */
    fun enter(): Long =
        synchronized(lock) {
            if (isClosed) throw OptionException("the $what is closed; open another")
            users += 1
            address
        }

    fun leave() {
        if (synchronized(lock) { --users == 0 && isClosed }) end()
    }

    /** Raises [OptionException] where it is closed. */
    inline fun <T> use(block: (Long) -> T): T {
        val entered = enter()
        try {
            return block(entered)
        } finally {
            leave()
        }
    }

    /** Never waits. A second time does nothing. */
    fun close() {
        val unused =
            synchronized(lock) {
                val first = !isClosed
                isClosed = true
                first && users == 0
            }
        if (unused) end()
    }

    /** Waits until it is closed, and the last has left. */
    suspend fun awaitEnd() = ended.await()

    private fun end() {
        free(address)
        ended.complete(Unit)
    }
}

/** The same of a handle that may be missing, whose address is then 0. */
internal inline fun <T> Handle?.useOrZero(block: (Long) -> T): T = if (this == null) block(0L) else use(block)
