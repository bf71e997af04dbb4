package org.sotto

import java.util.concurrent.ConcurrentHashMap
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.last
import kotlinx.coroutines.flow.map
import kotlinx.coroutines.job

/**
 * A bundle that transcribes speech, for any number of threads and coroutines at once: they share its weights, and
 * each call that is at work has a session, whose buffers are some tens of megabytes, and a thread of its own. No call
 * waits for another.
 */
public class SottoModel private constructor(address: Long) : AutoCloseable {
    private val sessions = SessionPool()
    private val streams: MutableSet<LiveStream> = ConcurrentHashMap.newKeySet()
    internal val handle =
        Handle("model", address) {
            sessions.freeAll()
            Native.modelFree(it)
        }

    /** The checkpoint's short name, such as `base`. */
    public val name: String = String(Native.modelName(address))

    /** What the graphs run on, whichever [Accelerator.AUTO] came to. */
    public val accelerator: Accelerator = acceleratorOf(Native.modelAccelerator(address))

    /** Whether it knows more languages than English. */
    public val isMultilingual: Boolean = Native.modelMultilingual(address)

    /**
     * Transcribes a recording of any length; it begins when the flow is collected, and anew each time.
     *
     * Where the collector is cancelled, or takes no more, it ends once the graph that runs is done: a decoder's step,
     * or a window's encoder. The collector waits for that. A slow collector slows the work down.
     *
     * @param source read on the engine's thread; one collector's at a time.
     * @param vad leaves out what holds no speech; null: all is decoded.
     * @throws AudioException the source is no audio, or too short, or has samples that are not finite.
     * @throws OptionException an option is out of range, or the model is closed.
     * @throws CancelledException the model was closed meanwhile.
     */
    public fun transcribe(
        source: AudioSource,
        options: TranscribeOptions = TranscribeOptions(),
        vad: VoiceActivityDetector? = null,
    ): Flow<Segment> = events(source, options, vad).filterIsInstance<TranscribeEvent.SegmentDone>().map { it.segment }

    /** The same with all that happens meanwhile; [TranscribeEvent.Finished] is the last. */
    public fun events(
        source: AudioSource,
        options: TranscribeOptions = TranscribeOptions(),
        vad: VoiceActivityDetector? = null,
    ): Flow<TranscribeEvent> =
        channelFlow {
                val collector = coroutineContext.job
                onEngineThread("sotto-transcribe") {
                    // Where the collector is gone, sending fails, and `isCancelled` ends the call.
                    val call =
                        TranscribeCall(
                            source,
                            options,
                            isCancelled = { !collector.isActive || handle.isClosed },
                            onEvent = { trySendBlocking(it) },
                        )
                    handle.use { model ->
                        vad?.handle.useOrZero { detector ->
                            sessions.use(model) { session -> call.run(session, detector) }
                        }
                    }
                }
            }
            .buffer(EVENTS)

    /** Transcribes a recording, and gives the whole at its end. Arguments and errors are those of [transcribe]. */
    public suspend fun recognize(
        source: AudioSource,
        options: TranscribeOptions = TranscribeOptions(),
        vad: VoiceActivityDetector? = null,
    ): Transcription =
        events(source, options, vad).filterIsInstance<TranscribeEvent.Finished>().last().transcription

    /**
     * The language at the beginning of [samples], as much of them as the longest window holds; `en` with probability
     * 1 for a model of English alone.
     *
     * @throws AudioException there are too few samples, or some are not finite.
     * @throws OptionException the model is closed.
     */
    public suspend fun detectLanguage(samples: FloatArray): DetectedLanguage =
        onEngineThread("sotto-detect") {
            handle.use { model ->
                sessions.use(model) { session ->
                    val probability = FloatArray(1)
                    val code = Native.detectLanguage(session, samples, probability)
                    DetectedLanguage(String(code), probability[0])
                }
            }
        }

    /**
     * Begins to transcribe speech while it is spoken. Close the stream, or collect its updates to their end.
     *
     * @param vad null: silence is decoded like speech.
     * @throws OptionException an option is out of range, the bundle can't time words, or the model is closed.
     */
    public fun stream(
        options: StreamOptions = StreamOptions(),
        vad: VoiceActivityDetector? = null,
    ): LiveStream {
        val stream = LiveStream(handle, vad?.handle, options) { streams -= it }
        streams += stream
        stream.start()
        // It may have been closed before the stream was among those that close() closes.
        if (handle.isClosed) stream.close()
        return stream
    }

    /**
     * Frees the memory, from any thread and without waiting: calls that are at work raise [CancelledException] once
     * the graph that runs is done, streams end, and the last that leaves frees it. Later calls raise
     * [OptionException]. A second time does nothing.
     */
    override fun close() {
        handle.close()
        streams.forEach(LiveStream::close)
    }

    /** Waits until the model is closed and freed: all calls have ended. */
    public suspend fun awaitClosed(): Unit = handle.awaitEnd()

    public companion object {
        /**
         * Loads a bundle that transcribes speech, on a thread of its own. A coroutine that is cancelled waits for
         * the end of it, and nothing stays loaded.
         *
         * @throws BundleException the bundle is damaged, or of another kind or schema.
         * @throws DeviceException LiteRT is missing or too old, or there is no such accelerator.
         * @throws OptionException an option is out of range.
         */
        public suspend fun load(bundle: ModelBundle, options: LoadOptions = LoadOptions()): SottoModel =
            openOnEngineThread("sotto-load") { SottoModel(options.load(bundle, Native::modelLoad)) }

        private const val EVENTS = 16
    }
}

/** The accelerator of a word of the library's. */
internal fun acceleratorOf(word: ByteArray): Accelerator =
    if (String(word) == Accelerator.NPU.word) Accelerator.NPU else Accelerator.CPU
