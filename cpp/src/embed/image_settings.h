// How a bundle's pictures are made: its manifest's entry `processor`.

#ifndef SOTTO_SRC_EMBED_IMAGE_SETTINGS_H_
#define SOTTO_SRC_EMBED_IMAGE_SETTINGS_H_

#include "bundle/manifest_reader.h"
#include "sotto/image_processor.h"

namespace sotto {

// As python/sotto/preprocess/image_settings.py writes them. What is missing or out of range fails
// the reader.
ImageSettings ReadImageSettings(ManifestReader* reader, const Json& json);

}  // namespace sotto

#endif  // SOTTO_SRC_EMBED_IMAGE_SETTINGS_H_
