// NumPy's .npy files, read where they are mapped: a bundle's big tables cost no memory that the
// system can't take back.
//
// Format: numpy.lib.format, versions 1.0 and 2.0, C order, little-endian.

#ifndef SOTTO_SRC_BUNDLE_NPY_H_
#define SOTTO_SRC_BUNDLE_NPY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sotto/bundle_files.h"
#include "sotto/error.h"

namespace sotto {

enum class NpyType {
  kFloat32,  // '<f4'
  kFloat16,  // '<f2'
  kInt8,     // '|i1'
};

// "float32", "float16", "int8".
const char* NpyTypeName(NpyType type);
size_t NpyTypeSize(NpyType type);  // bytes

class MappedNpy {
 public:
  // kBundle if the file is not such a .npy file, or has not exactly the size that its header
  // promises.
  static Result<MappedNpy> Open(std::shared_ptr<const FileView> file);

  // The same of elements in the middle of another file: `shape` of `dtype` from byte `offset` on.
  // kBundle if the elements reach beyond it, or are not aligned.
  static Result<MappedNpy> OpenInside(std::shared_ptr<const FileView> file, size_t offset,
                                      NpyType dtype, const std::vector<size_t>& shape);

  MappedNpy(MappedNpy&& other) noexcept = default;
  MappedNpy& operator=(MappedNpy&& other) noexcept = default;

  const std::string& label() const { return file_->label(); }  // of the file, for messages
  NpyType dtype() const { return dtype_; }
  const std::vector<size_t>& shape() const { return shape_; }
  size_t size() const { return size_; }  // elements: the shape's product
  const void* data() const { return data_; }

  // The elements as T, or nullptr if the file holds another type. int8_t is kInt8, float is
  // kFloat32, uint16_t (the bits) is kFloat16.
  template <typename T>
  const T* As() const;

  // kBundle, naming the file and both shapes, unless dtype and shape are these.
  Result<void> Expect(NpyType dtype, const std::vector<size_t>& shape) const;

 private:
  MappedNpy() = default;

  std::shared_ptr<const FileView> file_;
  NpyType dtype_ = NpyType::kFloat32;
  std::vector<size_t> shape_;
  size_t size_ = 0;
  const void* data_ = nullptr;
};

template <>
const float* MappedNpy::As<float>() const;
template <>
const uint16_t* MappedNpy::As<uint16_t>() const;
template <>
const int8_t* MappedNpy::As<int8_t>() const;

}  // namespace sotto

#endif  // SOTTO_SRC_BUNDLE_NPY_H_
