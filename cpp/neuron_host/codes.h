#ifndef SOTTO_NEURON_HOST_CODES_H_
#define SOTTO_NEURON_HOST_CODES_H_

#include <cstdint>

// Codes of the Neuron Adapter's C interface. Operands 0 to 14, operations 0 to 102, fused
// activations, paddings and results are Android's (NNAPI, NeuralNetworksTypes.h), from which
// Neuron's come; the others are those that LiteRT's MediaTek compiler plugin passes.
namespace sotto::neuron {

enum Result : int {
  kNoError = 0,
  kUnexpectedNull = 3,
  kBadData = 4,
  kOpFailed = 5,
  kBadState = 7,
};

enum OperandCode : int32_t {
  kFloat32 = 0,
  kInt32 = 1,
  kUint32 = 2,
  kTensorFloat32 = 3,
  kTensorInt32 = 4,
  kTensorQuant8Asymm = 5,
  kBool = 6,
  kTensorQuant16Symm = 7,
  kTensorFloat16 = 8,
  kTensorBool8 = 9,
  kFloat16 = 10,
  kTensorQuant8SymmPerChannel = 11,
  kTensorQuant16Asymm = 12,
  kTensorQuant8Symm = 13,
  kTensorQuant8AsymmSigned = 14,
  kTensorInt32SymmPerChannel = 9014,
  kExtensionArgument = 0x10100,  // of com.mediatek.general_operation; this library's own number
};

enum OperationCode : int32_t {
  kAdd = 0,
  kAveragePool2d = 1,
  kConcatenation = 2,
  kConv2d = 3,
  kDepthwiseConv2d = 4,
  kDequantize = 6,
  kFullyConnected = 9,
  kL2Normalization = 11,
  kLogistic = 14,
  kMaxPool2d = 17,
  kMul = 18,
  kRelu = 19,
  kReshape = 22,
  kResizeBilinear = 23,
  kSoftmax = 25,
  kTanh = 28,
  kDiv = 30,
  kMean = 31,
  kPad = 32,
  kStridedSlice = 35,
  kSub = 36,
  kTranspose = 37,
  kAbs = 38,
  kCast = 45,
  kGreater = 53,
  kLess = 58,
  kMaximum = 65,
  kMinimum = 66,
  kPadV2 = 69,
  kPrelu = 71,
  kQuantize = 72,
  kReduceMax = 77,
  kReduceSum = 80,
  kRsqrt = 83,
  kSlice = 86,
  kSplit = 87,
  kSqrt = 88,
  kTransposeConv2d = 91,
  kResizeNearestNeighbor = 94,
  kHardSwish = 99,
  kBatchMatmul = 102,
  kGeluV2 = 109,
  kUnknownOperation = 10001,      // the plugin's mark of what it does not legalise
  kExtensionOperation = 0x10000,  // of com.mediatek.general_operation; this library's own number
};

constexpr uint32_t kMaxRank = 4;

}  // namespace sotto::neuron

// Passed by pointer, as NNAPI lays them out.
struct NeuronOperandType {
  int32_t type;
  uint32_t dimensionCount;
  const uint32_t* dimensions;
  float scale;
  int32_t zeroPoint;
};

struct NeuronSymmPerChannelQuantParams {
  uint32_t channelDim;
  uint32_t scaleCount;
  const float* scales;
};

struct NeuronPerChannelQuantParams {
  uint32_t channelDim;
  uint32_t scaleCount;
  const float* scales;
  uint32_t zeroPointCount;
  const int32_t* zeroPoints;
};

struct NeuronRuntimeVersion {
  uint8_t major;
  uint8_t minor;
  uint8_t patch;
};

#endif  // SOTTO_NEURON_HOST_CODES_H_
