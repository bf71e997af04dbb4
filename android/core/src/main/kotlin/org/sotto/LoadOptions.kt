package org.sotto

/** What graphs run on. */
public enum class Accelerator(internal val word: String) {
    /** The processor. */
    CPU("cpu"),

    /** MediaTek's NPU, for which the bundle must have been compiled; else loading fails. */
    NPU("npu"),

    /** The NPU where there is one, else the CPU, with a warning in the log that says why. */
    AUTO("auto"),
}

/**
 * How a bundle is loaded: `sotto_load_options`.
 *
 * @property threads of the CPU, a session; 0: as many as there are big cores, 4 at most.
 * @property verify check the sha256 of the bundle's files.
 * @property liteRt path of `libLiteRt.so`; null: `$SOTTO_LITERT`, then where the system looks, which on Android is
 *   the app's libraries.
 * @property weightCache a directory that keeps packed weights for the next start, on Android in `codeCacheDir`;
 *   null: the user's cache, an empty string: nowhere.
 * @property accelerator what the graphs run on.
 * @property soc whose compiled files to take, such as `mt6991`; null: this machine's.
 * @property dispatch the folder of LiteRT's dispatch library, on Android `nativeLibraryDir`; null:
 *   `$SOTTO_DISPATCH`.
 */
public class LoadOptions(
    public val threads: Int = 0,
    public val verify: Boolean = true,
    public val liteRt: String? = null,
    public val weightCache: String? = null,
    public val accelerator: Accelerator = Accelerator.CPU,
    public val soc: String? = null,
    public val dispatch: String? = null,
) {
    /** [loader] is a function of [Native] that loads a bundle. */
    internal fun load(
        bundle: ModelBundle,
        loader: (Long, Int, Boolean, ByteArray?, ByteArray?, ByteArray, ByteArray?, ByteArray?) -> Long,
    ): Long =
        bundle.handle.use { address ->
            loader(
                address,
                threads,
                verify,
                utf8OrNull("liteRt", liteRt),
                utf8OrNull("weightCache", weightCache),
                utf8("accelerator", accelerator.word),
                utf8OrNull("soc", soc),
                utf8OrNull("dispatch", dispatch),
            )
        }
}
