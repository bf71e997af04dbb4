#include "image_view.h"

#include "errors.h"

namespace sotto {

ImageView ViewOf(const ByteArray& pixels, PackedBytes* packed) {
  if (pixels.ndim() != 3) ThrowPython({ErrorCode::kImage, "pixels must be of shape [h, w, c]"});
  ImageView view{pixels.data(), static_cast<size_t>(pixels.shape(0)),
                 static_cast<size_t>(pixels.shape(1)), static_cast<size_t>(pixels.shape(2)),
                 pixels.strides(0)};
  const bool packs = pixels.strides(2) == 1 && pixels.strides(1) == pixels.shape(2);
  if (!packs || pixels.strides(0) == 0) {
    *packed = PackedBytes(pixels);
    view.data = packed->data();
    view.row_stride = 0;
  }
  return view;
}

}  // namespace sotto
