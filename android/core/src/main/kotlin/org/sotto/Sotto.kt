package org.sotto

/** How much a message of the runtime matters. */
public enum class LogLevel {
    /** Something is not as it was asked for, such as the CPU in place of the NPU. */
    WARNING,

    /** What a maintainer wants to know, such as a cache that was made anew. */
    INFO,
}

/** What belongs to the whole process. */
public object Sotto {
    /** The runtime's version, such as `0.1.0`. Raises [DeviceException] where its library can't be loaded. */
    public val version: String
        get() {
            Native.check()
            return String(Native.version())
        }

    /**
     * Where the runtime's messages go; null, which is the default: nowhere. [sink] is called on any thread, and on
     * several at once. What it throws is dropped. Don't call this from [sink].
     */
    public fun setLog(sink: ((level: LogLevel, message: String) -> Unit)?) {
        Native.check()
        if (sink == null) Native.setLog(false)
        Native.sink = sink
        if (sink != null) Native.setLog(true)
    }
}
