#include "whisper/whisper_bundle.h"

#include <algorithm>
#include <utility>

#include "bundle/manifest_reader.h"
#include "bundle/npu_files.h"
#include "decode/decoder_component.h"
#include "sotto/log_mel.h"
#include "whisper/speech_encoder.h"
#include "whisper/whisper_shapes.h"

namespace sotto {
namespace {

constexpr char kRebuild[] = "Make it again: sotto convert NAME.";
constexpr int kFramesPerSecond = static_cast<int>(kSampleRate / kHopLength);

// The first graph's width of the log-mel; the others are compared with it.
int ReadMels(const std::vector<Signature>& encoders) {
  return encoders.empty() ? 0 : Extent(encoders.front().inputs, "log_mel", 1);
}

WhisperVocabulary ReadVocabulary(ManifestReader* reader, const Json& whisper, int n_vocab) {
  const Json& json = reader->At(whisper, "tokens");
  const auto id = [&](const Json& object, const char* key) {
    const int value = reader->Integer(object, key);
    if (value >= n_vocab) reader->Fail(std::string(key) + " is outside the vocabulary");
    return value;
  };
  WhisperVocabulary vocabulary;
  vocabulary.eot = id(json, "eot");
  vocabulary.sot = id(json, "sot");
  vocabulary.transcribe = id(json, "transcribe");
  vocabulary.translate = id(json, "translate");
  vocabulary.sot_lm = id(json, "sot_lm");
  vocabulary.sot_prev = id(json, "sot_prev");
  vocabulary.no_speech = id(json, "no_speech");
  vocabulary.no_timestamps = id(json, "no_timestamps");
  vocabulary.timestamp_begin = id(json, "timestamp_begin");
  const Json& languages = reader->At(whisper, "languages");  // none: English alone
  if (!languages.is_null() && !languages.is_object())
    reader->Fail("languages is not a table of codes and ids");
  for (const auto& [code, value] : languages.items()) {
    vocabulary.languages[code] = id(languages, code.c_str());
  }
  vocabulary.suppress = reader->Integers(whisper, "suppress", n_vocab - 1);
  vocabulary.suppress_at_begin = reader->Integers(whisper, "suppress_at_begin", n_vocab - 1);
  return vocabulary;
}

std::vector<std::pair<int, int>> ReadAlignmentHeads(ManifestReader* reader, const Json& whisper,
                                                    const DecoderSpec& decoder) {
  std::vector<std::pair<int, int>> heads;
  const Json& list = reader->At(whisper, "alignment_heads");
  const auto below = [](const Json& value, int limit) {
    return value.is_number_integer() && value >= 0 && value < limit;
  };
  if (!list.is_null() && !list.is_array()) reader->Fail("alignment_heads is not a list");
  for (const Json& pair : list) {
    if (!pair.is_array() || pair.size() != 2 || !below(pair[0], decoder.layers) ||
        !below(pair[1], decoder.heads)) {
      reader->Fail("alignment_heads holds a pair that is no layer and head of the decoder");
      break;
    }
    heads.emplace_back(pair[0].get<int>(), pair[1].get<int>());
  }
  return heads;
}

// A window for each encoder, by ascending length.
std::vector<Window> MakeWindows(ManifestReader* reader, const SpeechEncoder& encoder) {
  std::vector<Window> windows;
  for (const Signature& graph : encoder.graphs) {
    const int frames = Extent(graph.inputs, "log_mel", 2);
    if (frames < kFramesPerSecond || frames % kFramesPerSecond != 0 ||
        frames > 2 * encoder.context) {
      reader->Fail(graph.name + " takes " + std::to_string(frames) + " frames, expected " +
                   std::to_string(kFramesPerSecond) + " a second and twice its context at most");
    }
    Window window;
    window.seconds = frames / kFramesPerSecond;
    window.frames = static_cast<size_t>(frames);
    window.encoder = graph;
    windows.push_back(std::move(window));
  }
  std::sort(windows.begin(), windows.end(),
            [](const Window& a, const Window& b) { return a.frames < b.frames; });
  const auto same = [](const Window& a, const Window& b) { return a.seconds == b.seconds; };
  if (std::adjacent_find(windows.begin(), windows.end(), same) != windows.end()) {
    reader->Fail("two of its encoders are of one length");
  }
  return windows;
}

// Gives each of the decoder's graphs to the window whose audio it attends to.
void AddDecoders(ManifestReader* reader, const std::vector<DecoderGraph>& graphs,
                 std::vector<Window>* windows) {
  for (const DecoderGraph& graph : graphs) {
    const auto frames = static_cast<size_t>(2 * Extent(graph.signature.inputs, "cross_k_0", 2));
    const auto window = std::find_if(windows->begin(), windows->end(),
                                     [&](const Window& one) { return one.frames == frames; });
    if (window == windows->end()) {
      reader->Fail(graph.signature.name + " attends to the audio of no encoder");
      return;
    }
    std::optional<Signature> step;
    if (!window->decoder.name.empty()) step = window->decoder;
    std::optional<Signature>& place = graph.role == DecoderRole::kPrefill     ? window->prefill
                                      : graph.role == DecoderRole::kAlignment ? window->alignment
                                                                              : step;
    if (place) {
      reader->Fail(graph.signature.name + " is the second of its role for one window");
      return;
    }
    place = graph.signature;
    if (step) window->decoder = *step;
  }
  for (const Window& window : *windows) {
    if (window.decoder.name.empty()) {
      reader->Fail("no graph decodes a step over the " + std::to_string(window.seconds) + " s of " +
                   window.encoder.name);
    }
  }
}

}  // namespace

Result<WhisperBundle> WhisperBundle::Open(const BundleFiles& files, bool verify) {
  SOTTO_ASSIGN_OR_RETURN(ManifestReader reader, ManifestReader::Open(files, kRebuild));
  const Json& whisper = reader.At(reader.root(), "whisper");
  if (!whisper.is_object()) reader.Fail("it has no section whisper: it transcribes nothing");
  if (reader.failed()) return reader.error();  // another model's: nothing else will fit
  const SpeechEncoder encoder = SpeechEncoder::Read(&reader);
  const DecoderComponent decoder = DecoderComponent::Read(&reader);
  if (decoder.spec.kv_heads != decoder.spec.heads) {
    reader.Fail("its decoder has kv_heads other than heads, which no Whisper has");
  }
  WhisperBundle bundle;
  bundle.directory = files.label();
  bundle.name = reader.String(reader.root(), "name");
  bundle.precision = reader.String(reader.root(), "precision");
  bundle.n_mels = ReadMels(encoder.graphs);
  bundle.audio_context = encoder.context;
  bundle.decoder = decoder.spec;
  bundle.vocabulary = ReadVocabulary(&reader, whisper, decoder.spec.vocabulary);
  bundle.alignment_heads = ReadAlignmentHeads(&reader, whisper, decoder.spec);
  bundle.windows = MakeWindows(&reader, encoder);
  AddDecoders(&reader, decoder.graphs, &bundle.windows);
  bundle.token_embedding = decoder.token_embedding;
  bundle.positional_embedding = decoder.position_embedding;
  bundle.mel_filters = encoder.mel_filters;
  bundle.tokenizer = decoder.tokenizer;
  bundle.npu = ReadNpuFiles(&reader);
  if (reader.failed()) return reader.error();

  for (const Window& window : bundle.windows) {
    for (const std::string& fault : WrongShapes(bundle, window)) reader.Fail(fault);
  }
  if (reader.failed()) return reader.error();
  if (verify) SOTTO_RETURN_IF_ERROR(reader.VerifyFiles());
  return bundle;
}

RecognizerInfo InfoOf(const WhisperBundle& bundle) {
  RecognizerInfo info;
  info.name = bundle.name;
  info.bundle = bundle.directory;
  info.precision = bundle.precision;
  for (const auto& [code, id] : bundle.vocabulary.languages) info.languages.push_back(code);
  for (const Window& window : bundle.windows) {
    info.windows.push_back({window.seconds, window.alignment.has_value()});
  }
  info.vocabulary = bundle.decoder.vocabulary;
  info.longest_text = bundle.decoder.cache;
  info.sample_len = bundle.decoder.context / 2;
  return info;
}

}  // namespace sotto
