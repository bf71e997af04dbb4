package org.sotto

import java.io.File
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.double
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

/** What Python made of the same speech with the same bundles: `test/make_android_goldens.py`. */
object Goldens {
    val repository = File(System.getProperty("sotto.repository")).canonicalFile
    val folder = File(System.getProperty("sotto.goldens")).canonicalFile
    private val all: JsonObject by lazy {
        val file = File(folder, "goldens.json")
        check(file.exists()) { "$file is missing: make test-android makes it" }
        Json.parseToJsonElement(file.readText()).jsonObject
    }

    operator fun get(key: String): JsonElement = all.getValue(key)

    fun bundle(kind: String): String = this["bundles"].jsonObject.string(kind)

    val liteRt: String
        get() = this["litert"].jsonPrimitive.content

    val wav: String = File(folder, "speech.wav").path

    val samples: FloatArray by lazy {
        val source = AudioSource.wav(wav)
        val all = FloatArray(60 * SAMPLE_RATE)
        all.copyOf(source.read(all))
    }
}

/** Models that all tests share, as loading one takes as long as a test. */
object Loaded {
    val options = LoadOptions(threads = 2, liteRt = Goldens.liteRt, weightCache = "${Goldens.folder}/weights")

    val model: SottoModel by lazy { model() }

    val detector: VoiceActivityDetector by lazy {
        runBlocking { ModelBundle.open(Goldens.bundle("vad")).use { VoiceActivityDetector.load(it, options) } }
    }

    /** One more, which a test may close. */
    fun model(kind: String = "speech"): SottoModel =
        runBlocking { ModelBundle.open(Goldens.bundle(kind)).use { SottoModel.load(it, options) } }
}

fun JsonObject.string(key: String): String = getValue(key).jsonPrimitive.content

fun JsonObject.number(key: String): Double = getValue(key).jsonPrimitive.double

fun JsonObject.array(key: String): JsonArray = getValue(key).jsonArray

fun wordOf(json: JsonElement): Word =
    with(json.jsonObject) { Word(string("word"), number("start"), number("end"), number("probability")) }

/** openai-whisper's result, as Python writes it. */
fun transcriptionOf(json: JsonObject, duration: Double): Transcription =
    Transcription(
        json.string("text"),
        json.string("language"),
        duration,
        json.array("segments").map { segmentOf(it.jsonObject) },
    )

private fun segmentOf(json: JsonObject): Segment =
    Segment(
        json.getValue("id").jsonPrimitive.int,
        json.getValue("seek").jsonPrimitive.long,
        json.number("start"),
        json.number("end"),
        json.string("text"),
        json.array("tokens").map { it.jsonPrimitive.int },
        json.number("temperature"),
        json.number("avg_logprob"),
        json.number("compression_ratio"),
        json.number("no_speech_prob"),
        json["words"]?.jsonArray?.map(::wordOf),
    )
