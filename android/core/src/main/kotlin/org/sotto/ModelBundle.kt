package org.sotto

/**
 * One file of a bundle in an open file descriptor, such as an Android asset's.
 *
 * @property name in the bundle, such as `encoder.tflite`.
 * @property descriptor stays the caller's, who may close it once the model is loaded.
 * @property offset of its first byte.
 * @property length in bytes.
 */
public class FileRange(
    public val name: String,
    public val descriptor: Int,
    public val offset: Long,
    public val length: Long,
)

/**
 * Where a bundle's files come from. They are opened once: what is done to a directory later makes no difference to
 * models that were loaded from it. Any number of threads may use it, and it may be closed once they are loaded.
 */
public class ModelBundle private constructor(address: Long) : AutoCloseable {
    internal val handle = Handle("bundle", address, Native::bundleFree)

    /** Models that were loaded from it stay as they are. */
    override fun close(): Unit = handle.close()

    public companion object {
        /**
         * Opens a directory, or a single file as `sotto bundle pack` writes it. Reads from the disk: not for a main
         * thread. Raises [BundleException] where it is missing or damaged.
         */
        public fun open(path: String): ModelBundle {
            Native.check()
            return ModelBundle(Native.bundleOpen(utf8("path", path)))
        }

        /** Opens files that are open already. [label] is what messages call the bundle. */
        public fun fromDescriptors(label: String, files: List<FileRange>): ModelBundle {
            Native.check()
            for (file in files) {
                if (file.offset < 0 || file.length < 0) {
                    throw OptionException("${file.name}: offset ${file.offset} and length ${file.length}: expected 0 or more")
                }
            }
            return ModelBundle(
                Native.bundleFromDescriptors(
                    utf8("label", label),
                    Array(files.size) { utf8("name", files[it].name) },
                    IntArray(files.size) { files[it].descriptor },
                    LongArray(files.size) { files[it].offset },
                    LongArray(files.size) { files[it].length },
                )
            )
        }
    }
}
