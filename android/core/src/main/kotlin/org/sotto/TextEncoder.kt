package org.sotto

/** A bundle that makes vectors of texts, for any number of threads and coroutines at once. */
public class TextEncoder private constructor(address: Long) : AutoCloseable {
    private val handle = Handle("encoder", address, Native::encoderFree)

    /** Numbers of a vector. */
    public val dimensions: Int = Native.encoderDimensions(address)

    /** What the graphs run on, whichever [Accelerator.AUTO] came to. */
    public val accelerator: Accelerator = acceleratorOf(Native.encoderAccelerator(address))

    /**
     * A vector for each text. A coroutine that is cancelled waits for the end of it: give long lists in parts.
     *
     * @param prompt the name of one of the model's prompts, such as `query`; null: the model's default.
     * @param normalize make vectors of length 1, so that their product is the cosine.
     * @throws OptionException the prompt is unknown, or the encoder is closed.
     */
    public suspend fun encode(
        texts: List<String>,
        prompt: String? = null,
        normalize: Boolean = true,
    ): List<FloatArray> =
        onEngineThread("sotto-encode") {
            val given = Array(texts.size) { utf8("text $it", texts[it]) }
            val all = handle.use { Native.encodeTexts(it, given, utf8OrNull("prompt", prompt), normalize) }
            List(texts.size) { all.copyOfRange(it * dimensions, (it + 1) * dimensions) }
        }

    /** Frees the memory once the calls that are at work have ended, from any thread and without waiting. */
    override fun close(): Unit = handle.close()

    public companion object {
        /**
         * Loads a bundle that embeds; see [SottoModel.load].
         *
         * @throws BundleException it has no encoder of text.
         */
        public suspend fun load(bundle: ModelBundle, options: LoadOptions = LoadOptions()): TextEncoder =
            openOnEngineThread("sotto-load") {
                val address = options.load(bundle, Native::encoderLoad)
                if (!Native.encoderTakesText(address)) {
                    Native.encoderFree(address)
                    throw BundleException("the bundle has no encoder of text; expected one such as all-MiniLM-L6-v2")
                }
                TextEncoder(address)
            }
    }
}
