package org.sotto

/**
 * The functions of `libsotto_jni.so`, which are those of `sotto.h`: see there. Text goes both ways as UTF-8 bytes,
 * handles are addresses, and 0 or null stand for NULL.
 */
internal object Native {
    private val fault: UnsatisfiedLinkError? =
        try {
            System.loadLibrary("sotto_jni")
            null
        } catch (error: UnsatisfiedLinkError) {
            error
        }

    @Volatile var sink: ((LogLevel, String) -> Unit)? = null

    /** Raises [DeviceException] where the library is not there; before a process's first call of another. */
    fun check() {
        if (fault != null) throw DeviceException("libsotto_jni can't be loaded: ${fault.message}")
    }

    /** Called by the library, for what it then throws. */
    @JvmStatic fun exception(code: Int, message: ByteArray): SottoException = exceptionOf(code, String(message))

    /** Called by the library, on any thread. */
    @JvmStatic
    fun log(level: Int, message: ByteArray) {
        sink?.invoke(if (level == 1) LogLevel.WARNING else LogLevel.INFO, String(message))
    }

    @JvmStatic external fun version(): ByteArray

    @JvmStatic external fun setLog(on: Boolean)

    @JvmStatic external fun readWav(path: ByteArray): FloatArray

    @JvmStatic external fun bundleOpen(path: ByteArray): Long

    @JvmStatic
    external fun bundleFromDescriptors(
        label: ByteArray,
        names: Array<ByteArray>,
        descriptors: IntArray,
        offsets: LongArray,
        lengths: LongArray,
    ): Long

    @JvmStatic external fun bundleFree(bundle: Long)

    @JvmStatic
    external fun modelLoad(
        bundle: Long,
        threads: Int,
        verify: Boolean,
        liteRt: ByteArray?,
        weightCache: ByteArray?,
        accelerator: ByteArray,
        soc: ByteArray?,
        dispatch: ByteArray?,
    ): Long

    @JvmStatic external fun modelFree(model: Long)

    @JvmStatic external fun modelName(model: Long): ByteArray

    @JvmStatic external fun modelAccelerator(model: Long): ByteArray

    @JvmStatic external fun modelMultilingual(model: Long): Boolean

    @JvmStatic external fun sessionNew(model: Long): Long

    @JvmStatic external fun sessionFree(session: Long)

    @JvmStatic
    external fun transcribe(
        session: Long,
        call: TranscribeCall,
        language: ByteArray?,
        task: ByteArray,
        initialPrompt: ByteArray?,
        hotwords: ByteArray?,
        wordTimestamps: Boolean,
        withoutTimestamps: Boolean,
        conditionOnPreviousText: Boolean,
        beamSize: Int,
        bestOf: Int,
        patience: Double,
        lengthPenalty: Double,
        temperatures: DoubleArray,
        compressionRatioThreshold: Double,
        logprobThreshold: Double,
        noSpeechThreshold: Double,
        seed: Long,
        window: Int,
        vad: Long,
    )

    @JvmStatic external fun detectLanguage(session: Long, samples: FloatArray, probability: FloatArray): ByteArray

    @JvmStatic
    external fun streamNew(
        model: Long,
        vad: Long,
        call: StreamCall,
        language: ByteArray?,
        task: ByteArray,
        initialPrompt: ByteArray?,
        step: Double,
        maxBuffer: Double,
        agreement: Int,
        endpointSilence: Double,
    ): Long

    @JvmStatic external fun streamFree(stream: Long)

    @JvmStatic external fun streamPush(stream: Long, samples: FloatArray)

    @JvmStatic external fun streamFinish(stream: Long)

    @JvmStatic
    external fun vadLoad(
        bundle: Long,
        threads: Int,
        verify: Boolean,
        liteRt: ByteArray?,
        weightCache: ByteArray?,
        accelerator: ByteArray,
        soc: ByteArray?,
        dispatch: ByteArray?,
    ): Long

    @JvmStatic external fun vadFree(vad: Long)

    @JvmStatic external fun vadStreamNew(vad: Long): Long

    @JvmStatic external fun vadStreamFree(stream: Long)

    @JvmStatic external fun vadStreamPush(stream: Long, samples: FloatArray): FloatArray

    @JvmStatic
    external fun speechSpans(
        probabilities: FloatArray,
        samples: Long,
        threshold: Double,
        negThreshold: Double,
        minSpeechDurationMs: Int,
        maxSpeechDurationS: Double,
        minSilenceDurationMs: Int,
        speechPadMs: Int,
    ): LongArray

    @JvmStatic
    external fun encoderLoad(
        bundle: Long,
        threads: Int,
        verify: Boolean,
        liteRt: ByteArray?,
        weightCache: ByteArray?,
        accelerator: ByteArray,
        soc: ByteArray?,
        dispatch: ByteArray?,
    ): Long

    @JvmStatic external fun encoderFree(encoder: Long)

    @JvmStatic external fun encoderAccelerator(encoder: Long): ByteArray

    @JvmStatic external fun encoderDimensions(encoder: Long): Int

    @JvmStatic external fun encoderTakesText(encoder: Long): Boolean

    @JvmStatic
    external fun encodeTexts(
        encoder: Long,
        texts: Array<ByteArray>,
        prompt: ByteArray?,
        normalize: Boolean,
    ): FloatArray
}

/** Text as the library takes it. A zero byte would end it there, and so raises [OptionException]. */
internal fun utf8(name: String, text: String): ByteArray {
    if ('\u0000' in text) throw OptionException("$name holds the character U+0000: leave it out")
    return text.toByteArray()
}

/** The same of a text that may be missing. */
internal fun utf8OrNull(name: String, text: String?): ByteArray? = text?.let { utf8(name, it) }
