package org.sotto

/**
 * An error of the runtime: one subclass for each cause. The message says what was wrong with what, and what was
 * expected.
 */
public sealed class SottoException(message: String) : Exception(message)

/** The input is not audio, is empty, or holds samples that are not finite. */
public class AudioException internal constructor(message: String) : SottoException(message)

/** The bundle is missing, incomplete, damaged, or of another schema. */
public class BundleException internal constructor(message: String) : SottoException(message)

/** A graph can't be loaded or run. */
public class ModelException internal constructor(message: String) : SottoException(message)

/** An option or argument is out of range, or what was called is closed. */
public class OptionException internal constructor(message: String) : SottoException(message)

/** Sotto's or LiteRT's library or an accelerator is missing, too old or unusable. */
public class DeviceException internal constructor(message: String) : SottoException(message)

/** A result can't be written. */
public class OutputException internal constructor(message: String) : SottoException(message)

/**
 * The model was closed while it was at work. A coroutine that is cancelled gets kotlinx.coroutines'
 * `CancellationException`, as everywhere.
 */
public class CancelledException internal constructor(message: String) : SottoException(message)

/** The input is no picture that the model takes. */
public class ImageException internal constructor(message: String) : SottoException(message)

/** Memory of the runtime ran out. */
public class MemoryException internal constructor(message: String) : SottoException(message)

/** The exception of a code of `sotto_error_code`. */
internal fun exceptionOf(code: Int, message: String): SottoException =
    when (code) {
        1 -> AudioException(message)
        2 -> BundleException(message)
        4 -> OptionException(message)
        5 -> DeviceException(message)
        6 -> OutputException(message)
        7 -> CancelledException(message)
        8 -> ImageException(message)
        9 -> MemoryException(message)
        else -> ModelException(message)
    }
