#include "decode/embedding_table.h"

#include <cstring>
#include <map>
#include <utility>

#if defined(__F16C__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace sotto {
namespace {

// Integers only but for one exact conversion, so that it holds even where the process has
// set the CPU to flush denormals, and branch-free, so that the compiler vectorises the loop.
inline float HalfToFloat(uint16_t half) {
  const uint32_t magnitude = half & 0x7fffu;
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000u) << 16;
  const float subnormal = static_cast<float>(static_cast<int32_t>(magnitude)) * 0x1p-24f;
  uint32_t subnormal_bits;
  std::memcpy(&subnormal_bits, &subnormal, sizeof(subnormal_bits));
  const uint32_t bias = magnitude >= 0x7c00u ? 0x70000000u : 0x38000000u;  // Inf, NaN : normal
  const uint32_t bits = sign | (magnitude < 0x0400u ? subnormal_bits : (magnitude << 13) + bias);
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

Result<NpyType> TypeOf(const TokenTable& table) {
  static const std::map<std::string, NpyType> kTypes = {
      {"fp32", NpyType::kFloat32}, {"fp16", NpyType::kFloat16}, {"int8", NpyType::kInt8}};
  const auto type = kTypes.find(table.dtype);
  if (type != kTypes.end()) return type->second;
  return Error{ErrorCode::kBundle, table.file->label() + ": its token rows are said to be " +
                                       table.dtype + ", expected fp32, fp16 or int8"};
}

}  // namespace

void HalfToFloat(const uint16_t* half, size_t n, float* out) {
  size_t i = 0;
#if defined(__F16C__)
  for (; i + 8 <= n; i += 8) {
    const __m128i eight = _mm_loadu_si128(reinterpret_cast<const __m128i*>(half + i));
    _mm256_storeu_ps(out + i, _mm256_cvtph_ps(eight));
  }
#elif defined(__aarch64__)
  for (; i + 4 <= n; i += 4) {
    vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(half + i))));
  }
#endif
  for (; i < n; ++i) out[i] = HalfToFloat(half[i]);
}

EmbeddingTable::EmbeddingTable(MappedNpy table, std::optional<MappedNpy> scales, size_t n_vocab,
                               size_t width)
    : table_(std::move(table)), scales_(std::move(scales)), n_vocab_(n_vocab), width_(width) {}

Result<EmbeddingTable> EmbeddingTable::Open(const std::shared_ptr<const FileView>& file,
                                            const std::shared_ptr<const FileView>& scales,
                                            size_t n_vocab, size_t width) {
  SOTTO_ASSIGN_OR_RETURN(MappedNpy table, MappedNpy::Open(file));
  SOTTO_RETURN_IF_ERROR(table.Expect(table.dtype(), {n_vocab, width}));
  return Make(std::move(table), scales, n_vocab, width);
}

Result<EmbeddingTable> EmbeddingTable::Open(const TokenTable& table, size_t width) {
  SOTTO_ASSIGN_OR_RETURN(const NpyType type, TypeOf(table));
  SOTTO_ASSIGN_OR_RETURN(MappedNpy rows, MappedNpy::Open(table.file));
  const size_t n_vocab = rows.shape().empty() ? 0 : rows.shape().front();
  SOTTO_RETURN_IF_ERROR(rows.Expect(type, {n_vocab, width}));
  return Make(std::move(rows), table.scales, n_vocab, width);
}

Result<EmbeddingTable> EmbeddingTable::Open(const TokenTable& table, size_t n_vocab, size_t width) {
  if (!table.offset) return Open(table.file, table.scales, n_vocab, width);
  SOTTO_ASSIGN_OR_RETURN(const NpyType type, TypeOf(table));
  SOTTO_ASSIGN_OR_RETURN(MappedNpy rows,
                         MappedNpy::OpenInside(table.file, *table.offset, type, {n_vocab, width}));
  return Make(std::move(rows), table.scales, n_vocab, width);
}

Result<EmbeddingTable> EmbeddingTable::Make(MappedNpy table,
                                            const std::shared_ptr<const FileView>& scales_file,
                                            size_t n_vocab, size_t width) {
  const bool quantized = table.dtype() == NpyType::kInt8;
  if (quantized != (scales_file != nullptr)) {
    return Error{
        ErrorCode::kBundle,
        table.label() + ": holds " + NpyTypeName(table.dtype()) +
            (quantized ? " without the scales of its rows; make the bundle again"
                       : ", which has no scales, but scales are given: " + scales_file->label())};
  }
  std::optional<MappedNpy> scales;
  if (scales_file != nullptr) {
    SOTTO_ASSIGN_OR_RETURN(scales, MappedNpy::Open(scales_file));
    SOTTO_RETURN_IF_ERROR(scales->Expect(NpyType::kFloat32, {n_vocab}));
  }
  return EmbeddingTable(std::move(table), std::move(scales), n_vocab, width);
}

Result<void> EmbeddingTable::Row(int token, float* out) const {
  if (token < 0 || static_cast<size_t>(token) >= n_vocab_) {
    return Error{ErrorCode::kModel, table_.label() + ": has no row for token " +
                                        std::to_string(token) + "; expected 0 to " +
                                        std::to_string(n_vocab_) + " (excluded)"};
  }
  const size_t row = static_cast<size_t>(token);
  const size_t begin = row * width_;
  switch (table_.dtype()) {
    case NpyType::kFloat32:
      std::memcpy(out, table_.As<float>() + begin, width_ * sizeof(float));
      break;
    case NpyType::kFloat16:
      HalfToFloat(table_.As<uint16_t>() + begin, width_, out);
      break;
    case NpyType::kInt8: {
      const int8_t* quantized = table_.As<int8_t>() + begin;
      const float scale = scales_->As<float>()[row];
      for (size_t i = 0; i < width_; ++i) out[i] = static_cast<float>(quantized[i]) * scale;
      break;
    }
  }
  return {};
}

}  // namespace sotto
