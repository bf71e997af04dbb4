package org.sotto

import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicLong
import java.util.concurrent.locks.LockSupport
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow

/**
 * Speech to text while it is spoken. A thread that records pushes samples, which never waits; the stream's own thread
 * decodes; a coroutine collects [updates].
 *
 *     val stream = model.stream(StreamOptions(language = "en"), vad)
 *     scope.launch { stream.updates.collect { show(it.confirmed, it.tentative) } }
 *     while (recording) stream.push(block, 0, recorder.read(block))
 *     stream.finish()
 */
public class LiveStream
internal constructor(
    private val model: Handle,
    private val vad: Handle?,
    options: StreamOptions,
    private val onEnd: (LiveStream) -> Unit,
) : AutoCloseable {
    private val ring = SampleRing(options.capacity())
    private val signals = Channel<Unit>(Channel.CONFLATED)
    private val call = StreamCall(isCancelled = { isClosed || model.isClosed }, onUpdate = ::keep)
    private val lock = Any()
    private var pending: StreamUpdate? = null
    private val isPushing = AtomicBoolean(false)
    private val isCollected = AtomicBoolean(false)
    private val dropped = AtomicLong()

    @Volatile private var isClosed = false
    @Volatile private var isFinishing = false
    @Volatile private var failure: Throwable? = null

    private val stream = Handle("stream", open(options), Native::streamFree)
    private val engine = Thread(::run, "sotto-stream").apply { isDaemon = true }

    /** Samples that were not taken in, as the engine was more than [StreamOptions.bufferSeconds] behind. */
    public val droppedSamples: Long
        get() = dropped.get()

    /**
     * What was heard. One collector's, once; updates that it is too slow for are joined into the next, so no
     * confirmed word is lost. The flow ends after [finish] or [close], and where its collector ends, the stream is
     * closed.
     *
     * @throws AudioException a sample that was pushed is not finite or absurdly loud.
     * @throws ModelException a graph failed.
     */
    public val updates: Flow<StreamUpdate> = flow {
        check(isCollected.compareAndSet(false, true)) { "a stream's updates are collected once" }
        try {
            for (signal in signals) takePending()?.let { emit(it) }
            failure?.let { throw it }
        } finally {
            close()
        }
    }

    /**
     * Takes in audio as it comes, without waiting: any number of samples, which are copied. One thread's at a time.
     *
     * @return false where the samples were dropped: the engine is too far behind, or the stream is closed or finishing.
     */
    public fun push(samples: FloatArray, offset: Int = 0, count: Int = samples.size - offset): Boolean {
        checkRange(samples.size, offset, count)
        return push(count) { ring.write(samples, offset, count) }
    }

    /** The same of 16-bit samples, as Android's AudioRecord gives them. */
    public fun push(samples: ShortArray, offset: Int = 0, count: Int = samples.size - offset): Boolean {
        checkRange(samples.size, offset, count)
        return push(count) { ring.write(samples, offset, count) }
    }

    /** No more audio comes: what is left is decoded and confirmed, then [updates] ends. Never waits. */
    public fun finish() {
        isFinishing = true
        LockSupport.unpark(engine)
    }

    /**
     * Drops what is left undecoded, from any thread and without waiting: the engine's thread ends once the graph that
     * runs is done, and frees the stream. A second time does nothing.
     */
    override fun close() {
        isClosed = true
        LockSupport.unpark(engine)
    }

    /** Waits until the stream has ended and its memory is freed. */
    public suspend fun awaitClosed(): Unit = stream.awaitEnd()

    internal fun start() = engine.start()

    private fun open(options: StreamOptions): Long {
        val address = model.enter()
        try {
            return vad.useOrZero { detector -> options.open(address, detector, call) }
        } catch (error: Throwable) {
            model.leave()
            throw error
        }
    }

    private inline fun push(count: Int, write: () -> Boolean): Boolean {
        check(isPushing.compareAndSet(false, true)) { "a stream's samples are pushed by one thread at a time" }
        try {
            val isTaken = !isClosed && !isFinishing && write()
            if (!isTaken) dropped.addAndGet(count.toLong())
            LockSupport.unpark(engine)
            return isTaken
        } finally {
            isPushing.set(false)
        }
    }

    private fun run() {
        try {
            stream.use(::decode)
        } catch (error: Throwable) {
            // What closing the stream or its model brings about is no failure.
            if (!isClosed && !model.isClosed) failure = error
        } finally {
            isClosed = true
            stream.close()
            model.leave()
            onEnd(this)
            signals.close()
        }
    }

    private fun decode(address: Long) {
        while (!isClosed && !model.isClosed) {
            // In this order: nothing is pushed any more once it is finishing.
            val isLast = isFinishing
            val samples = ring.take()
            when {
                samples.isNotEmpty() -> Native.streamPush(address, samples)
                isLast -> return Native.streamFinish(address)
                else -> LockSupport.park(this)
            }
        }
    }

    private fun keep(update: StreamUpdate) {
        synchronized(lock) { pending = pending?.let { update.copy(confirmed = it.confirmed + update.confirmed) } ?: update }
        signals.trySend(Unit)
    }

    private fun takePending(): StreamUpdate? = synchronized(lock) { pending.also { pending = null } }
}

private fun checkRange(size: Int, offset: Int, count: Int) {
    if (offset < 0 || count < 0 || count > size - offset) {
        throw IndexOutOfBoundsException("$count samples from $offset of $size")
    }
}
