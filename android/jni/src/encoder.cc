// Vectors of texts.

#include "java.h"

using sotto::jni::Bytes;
using sotto::jni::Guarded;
using sotto::jni::Pointer;
using sotto::jni::Text;
using sotto::jni::Throw;

extern "C" {

JNIEXPORT jbyteArray JNICALL Java_org_sotto_Native_encoderAccelerator(JNIEnv* env, jclass,
                                                                      jlong encoder) {
  return Bytes(env, sotto_encoder_accelerator(Pointer<sotto_encoder>(encoder)));
}

JNIEXPORT jint JNICALL Java_org_sotto_Native_encoderDimensions(JNIEnv*, jclass, jlong encoder) {
  return static_cast<jint>(sotto_encoder_dimensions(Pointer<sotto_encoder>(encoder)));
}

JNIEXPORT jboolean JNICALL Java_org_sotto_Native_encoderTakesText(JNIEnv*, jclass, jlong encoder) {
  return sotto_encoder_has(Pointer<sotto_encoder>(encoder), "text") ? JNI_TRUE : JNI_FALSE;
}

// texts: byte[][]. float[]: the vectors one after another.
JNIEXPORT jfloatArray JNICALL Java_org_sotto_Native_encodeTexts(JNIEnv* env, jclass, jlong handle,
                                                                jobjectArray texts,
                                                                jbyteArray prompt,
                                                                jboolean normalize) {
  return Guarded(env, jfloatArray{nullptr}, [&]() -> jfloatArray {
    const auto* encoder = Pointer<sotto_encoder>(handle);
    const jsize count = env->GetArrayLength(texts);
    std::vector<Text> given;
    for (jsize i = 0; i < count; ++i) {
      const auto text = static_cast<jbyteArray>(env->GetObjectArrayElement(texts, i));
      given.emplace_back(env, text);
      env->DeleteLocalRef(text);
    }
    std::vector<const char*> pointers;
    for (const Text& text : given) pointers.push_back(text.c_str());
    std::vector<float> vectors(pointers.size() * sotto_encoder_dimensions(encoder));
    const Text name(env, prompt);
    sotto_error* error = nullptr;
    if (!sotto_encode_texts(encoder, pointers.data(), pointers.size(), name.c_str(),
                            normalize == JNI_TRUE, vectors.data(), &error)) {
      Throw(env, error);
      return nullptr;
    }
    const jfloatArray array = env->NewFloatArray(static_cast<jsize>(vectors.size()));
    if (array != nullptr) {
      env->SetFloatArrayRegion(array, 0, static_cast<jsize>(vectors.size()), vectors.data());
    }
    return array;
  });
}

}  // extern "C"
