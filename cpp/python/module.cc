#include <pybind11/pybind11.h>

#include "bind_alignment.h"
#include "bind_components.h"
#include "bind_embedding.h"
#include "bind_image.h"
#include "bind_kv_decoder.h"
#include "bind_speech.h"
#include "bind_stream.h"
#include "bind_text.h"
#include "bind_timing.h"
#include "bind_vad.h"
#include "gil.h"

PYBIND11_MODULE(_runtime, m) {
  m.doc() = "Sotto's C++ runtime.";
  sotto::BindEnding();
  sotto::BindComponents(m);
  sotto::BindKvDecoder(m);
  sotto::BindSpeech(m);
  sotto::BindStream(m);
  sotto::BindAlignment(m);
  sotto::BindVad(m);
  sotto::BindTiming(m);
  sotto::BindEmbedding(m);
  sotto::BindImage(m);
  sotto::BindText(m);
}
