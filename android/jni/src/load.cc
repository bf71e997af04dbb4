// Bundles, models, detectors and encoders: opened, asked what they are, and freed.

#include "java.h"

using sotto::jni::Address;
using sotto::jni::Bytes;
using sotto::jni::Guarded;
using sotto::jni::Pointer;
using sotto::jni::Text;
using sotto::jni::Throw;

namespace {

template <typename Handle>
using Loader = Handle* (*)(const sotto_bundle*, const sotto_load_options*, sotto_error**);

// 0 with an exception pending where it failed.
template <typename Handle>
jlong Load(JNIEnv* env, Loader<Handle> loader, jlong bundle, jint threads, jboolean verify,
           jbyteArray litert, jbyteArray weight_cache, jbyteArray accelerator, jbyteArray soc,
           jbyteArray dispatch) {
  return Guarded(env, jlong{0}, [&] {
    const Text texts[] = {
        {env, litert}, {env, weight_cache}, {env, accelerator}, {env, soc}, {env, dispatch}};
    sotto_load_options options;
    sotto_load_options_init(&options);
    options.threads = threads;
    options.verify = verify == JNI_TRUE;
    options.litert = texts[0].c_str();
    options.weight_cache = texts[1].c_str();
    options.accelerator = texts[2].c_str();
    options.soc = texts[3].c_str();
    options.dispatch = texts[4].c_str();
    sotto_error* error = nullptr;
    Handle* handle = loader(Pointer<sotto_bundle>(bundle), &options, &error);
    if (handle == nullptr) Throw(env, error);
    return Address(handle);
  });
}

}  // namespace

extern "C" {

JNIEXPORT jbyteArray JNICALL Java_org_sotto_Native_version(JNIEnv* env, jclass) {
  return Bytes(env, sotto_version());
}

JNIEXPORT jlong JNICALL Java_org_sotto_Native_bundleOpen(JNIEnv* env, jclass, jbyteArray path) {
  return Guarded(env, jlong{0}, [&] {
    sotto_error* error = nullptr;
    sotto_bundle* bundle = sotto_bundle_open(Text(env, path).c_str(), &error);
    if (bundle == nullptr) Throw(env, error);
    return Address(bundle);
  });
}

// Each file has an element of all four arrays.
JNIEXPORT jlong JNICALL Java_org_sotto_Native_bundleFromDescriptors(
    JNIEnv* env, jclass, jbyteArray label, jobjectArray names, jintArray descriptors,
    jlongArray offsets, jlongArray lengths) {
  return Guarded(env, jlong{0}, [&] {
    const auto count = static_cast<size_t>(env->GetArrayLength(names));
    const auto size = static_cast<jsize>(count);
    std::vector<jint> fds(count);
    std::vector<jlong> starts(count);
    std::vector<jlong> sizes(count);
    env->GetIntArrayRegion(descriptors, 0, size, fds.data());
    env->GetLongArrayRegion(offsets, 0, size, starts.data());
    env->GetLongArrayRegion(lengths, 0, size, sizes.data());
    std::vector<Text> texts;
    for (jsize i = 0; i < size; ++i) {
      const auto name = static_cast<jbyteArray>(env->GetObjectArrayElement(names, i));
      texts.emplace_back(env, name);
      env->DeleteLocalRef(name);
    }
    std::vector<sotto_file_range> files;
    for (size_t i = 0; i < count; ++i) {
      files.push_back({texts[i].c_str(), fds[i], static_cast<uint64_t>(starts[i]),
                       static_cast<uint64_t>(sizes[i])});
    }
    sotto_error* error = nullptr;
    sotto_bundle* bundle =
        sotto_bundle_from_descriptors(Text(env, label).c_str(), files.data(), count, &error);
    if (bundle == nullptr) Throw(env, error);
    return Address(bundle);
  });
}

JNIEXPORT void JNICALL Java_org_sotto_Native_bundleFree(JNIEnv*, jclass, jlong bundle) {
  sotto_bundle_free(Pointer<sotto_bundle>(bundle));
}

JNIEXPORT jlong JNICALL Java_org_sotto_Native_modelLoad(JNIEnv* env, jclass, jlong bundle,
                                                        jint threads, jboolean verify,
                                                        jbyteArray litert, jbyteArray weight_cache,
                                                        jbyteArray accelerator, jbyteArray soc,
                                                        jbyteArray dispatch) {
  return Load(env, sotto_speech_model_load, bundle, threads, verify, litert, weight_cache,
              accelerator, soc, dispatch);
}

JNIEXPORT void JNICALL Java_org_sotto_Native_modelFree(JNIEnv*, jclass, jlong model) {
  sotto_speech_model_free(Pointer<sotto_speech_model>(model));
}

JNIEXPORT jbyteArray JNICALL Java_org_sotto_Native_modelName(JNIEnv* env, jclass, jlong model) {
  return Bytes(env, sotto_speech_model_name(Pointer<sotto_speech_model>(model)));
}

JNIEXPORT jbyteArray JNICALL Java_org_sotto_Native_modelAccelerator(JNIEnv* env, jclass,
                                                                    jlong model) {
  return Bytes(env, sotto_speech_model_accelerator(Pointer<sotto_speech_model>(model)));
}

JNIEXPORT jboolean JNICALL Java_org_sotto_Native_modelMultilingual(JNIEnv*, jclass, jlong model) {
  return sotto_speech_model_multilingual(Pointer<sotto_speech_model>(model)) ? JNI_TRUE : JNI_FALSE;
}

JNIEXPORT jlong JNICALL Java_org_sotto_Native_vadLoad(JNIEnv* env, jclass, jlong bundle,
                                                      jint threads, jboolean verify,
                                                      jbyteArray litert, jbyteArray weight_cache,
                                                      jbyteArray accelerator, jbyteArray soc,
                                                      jbyteArray dispatch) {
  return Load(env, sotto_vad_load, bundle, threads, verify, litert, weight_cache, accelerator, soc,
              dispatch);
}

JNIEXPORT void JNICALL Java_org_sotto_Native_vadFree(JNIEnv*, jclass, jlong vad) {
  sotto_vad_free(Pointer<sotto_vad>(vad));
}

JNIEXPORT jlong JNICALL Java_org_sotto_Native_encoderLoad(
    JNIEnv* env, jclass, jlong bundle, jint threads, jboolean verify, jbyteArray litert,
    jbyteArray weight_cache, jbyteArray accelerator, jbyteArray soc, jbyteArray dispatch) {
  return Load(env, sotto_encoder_load, bundle, threads, verify, litert, weight_cache, accelerator,
              soc, dispatch);
}

JNIEXPORT void JNICALL Java_org_sotto_Native_encoderFree(JNIEnv*, jclass, jlong encoder) {
  sotto_encoder_free(Pointer<sotto_encoder>(encoder));
}

}  // extern "C"
