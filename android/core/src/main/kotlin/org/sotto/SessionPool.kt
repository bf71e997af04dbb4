package org.sotto

/**
 * Sessions that are not at work. Each has a recogniser's buffers and compiled graphs, which take longer to make than
 * short audio to transcribe.
 */
internal class SessionPool {
    private val lock = Any()
    private val idle = ArrayDeque<Long>()

    /** A session is one call's at a time. */
    inline fun <T> use(model: Long, block: (Long) -> T): T {
        val session = take() ?: Native.sessionNew(model)
        try {
            return block(session)
        } finally {
            give(session)
        }
    }

    /** None may be in use. */
    fun freeAll() {
        synchronized(lock) { idle.toList().also { idle.clear() } }.forEach(Native::sessionFree)
    }

    private fun take(): Long? = synchronized(lock) { idle.removeLastOrNull() }

    private fun give(session: Long) {
        val isKept = synchronized(lock) { (idle.size < MAX_IDLE).also { if (it) idle.addLast(session) } }
        if (!isKept) Native.sessionFree(session)
    }

    private companion object {
        const val MAX_IDLE = 2
    }
}
