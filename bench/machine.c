// What a core and its memory can do at most: bytes read, and multiply-adds in registers, a second.
//
//   machine read BYTES THREADS    GB/s of reading BYTES a thread, again and again
//   machine fp32 THREADS          GFLOP/s, a multiply-add is two
//   machine int8 THREADS          GOP/s of 8-bit products summed in 32 bits
//   machine tiles THREADS         the same by AMX; 0 where compiler, processor or kernel has none
//
// bench/machine.py compiles it for the CPU that it runs on, and says what the figures are for.

#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AMX_INT8__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_DOTPROD)
#include <arm_neon.h>
#endif

enum { kLanes = 64, kSums = 8 };
static const double kSeconds = 0.4;

typedef struct {
  pthread_barrier_t* start;
  double (*work)(void* data, size_t bytes, double seconds);
  size_t bytes;
  double rate;
} Thread;

static double Now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// 64 bytes at a time, into sums that do not depend on each other.
typedef int64_t Line __attribute__((vector_size(32)));

static double Read(void* data, size_t bytes, double seconds) {
  Line sums[kSums];
  memset(sums, 0, sizeof(sums));
  const Line* lines = data;
  const size_t count = bytes / sizeof(Line) / kSums * kSums;
  double read = 0;
  const double start = Now();
  double now = start;
  while (now - start < seconds) {
    size_t repeats = 1 + ((size_t)4 << 20) / bytes;
    for (size_t r = 0; r < repeats; ++r) {
      for (size_t i = 0; i < count; i += kSums) {
        for (int s = 0; s < kSums; ++s) sums[s] ^= lines[i + (size_t)s];
      }
      __asm__ volatile("" : : "r"(sums) : "memory");
    }
    read += (double)repeats * (double)count * sizeof(Line);
    now = Now();
  }
  return read / (now - start);
}

// As many sums as hide the latency of a multiply-add on two ports.
static double MultiplyAdd(void* data, size_t bytes, double seconds) {
  (void)bytes;
#if defined(__AVX512F__)
  typedef float Floats __attribute__((vector_size(64)));
#elif defined(__AVX2__)
  typedef float Floats __attribute__((vector_size(32)));
#else
  typedef float Floats __attribute__((vector_size(16)));
#endif
  enum { kFloats = sizeof(Floats) / sizeof(float), kChains = 10, kRepeats = 100000 };
  const float seed = *(const float*)data;
  Floats sums[kChains], a, b;
  for (int l = 0; l < kFloats; ++l) {
    a[l] = 0.5f + seed;
    b[l] = 1.0f + seed;
  }
  for (int c = 0; c < kChains; ++c) sums[c] = a;
  double done = 0;
  const double start = Now();
  double now = start;
  while (now - start < seconds) {
    for (int r = 0; r < kRepeats; ++r) {
#pragma GCC unroll 10
      for (int c = 0; c < kChains; ++c) sums[c] = sums[c] * a + b;
    }
    done += 2.0 * kFloats * kChains * kRepeats;
    now = Now();
  }
  for (int c = 1; c < kChains; ++c) sums[0] += sums[c];
  *(volatile float*)data = sums[0][0] * 0;
  return done / (now - start);
}

// Products of tiles of 16 x 64 and 64 x 16 bytes, into tiles of 16 x 16 sums.
static double Tiles(void* data, size_t bytes, double seconds) {
  (void)bytes;
#if defined(__AMX_INT8__)
  enum { kRequestPermission = 0x1023, kTileData = 18, kChains = 4, kRepeats = 10000 };
  if (syscall(SYS_arch_prctl, kRequestPermission, kTileData) != 0) return 0;
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_a_row[16];
    uint8_t rows[16];
  } configuration = {.palette = 1};
  for (int tile = 0; tile < 8; ++tile) {
    configuration.bytes_a_row[tile] = 64;
    configuration.rows[tile] = 16;
  }
  // Not _tile_loadconfig, which in GCC 12 names 8 bytes of the 64 that it reads.
  __asm__ volatile("ldtilecfg %0" : : "m"(configuration));
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, data, 64);
  _tile_loadd(5, data, 64);
  _tile_loadd(6, data, 64);
  _tile_loadd(7, data, 64);
  double done = 0;
  const double start = Now();
  double now = start;
  while (now - start < seconds) {
    for (int r = 0; r < kRepeats; ++r) {
      _tile_dpbssd(0, 4, 6);
      _tile_dpbssd(1, 4, 7);
      _tile_dpbssd(2, 5, 6);
      _tile_dpbssd(3, 5, 7);
    }
    done += 2.0 * 16 * 16 * 64 * kChains * kRepeats;
    now = Now();
  }
  _tile_release();
  return done / (now - start);
#else
  (void)data, (void)seconds;
  return 0;
#endif
}

// Dot products of four (or, without an instruction for that, two) 8-bit pairs into 32 bits.
static double Dot(void* data, size_t bytes, double seconds) {
  (void)bytes;
  enum { kChains = 10, kRepeats = 100000 };
  const int8_t seed = *(const int8_t*)data;
  double done = 0;
  const double start = Now();
  double now = start;
#if defined(__AVX2__)
#if defined(__AVX512VNNI__)
  enum { kBytes = 64 };
  __m512i sums[kChains], a = _mm512_set1_epi8(1 + seed), b = _mm512_set1_epi8(3 + seed);
  for (int c = 0; c < kChains; ++c) sums[c] = _mm512_setzero_si512();
#define STEP(c) sums[c] = _mm512_dpbusd_epi32(sums[c], a, b)
#elif defined(__AVXVNNI__)
  enum { kBytes = 32 };
  __m256i sums[kChains], a = _mm256_set1_epi8(1 + seed), b = _mm256_set1_epi8(3 + seed);
  for (int c = 0; c < kChains; ++c) sums[c] = _mm256_setzero_si256();
#define STEP(c) sums[c] = _mm256_dpbusd_avx_epi32(sums[c], a, b)
#else
  // The way of libraries without VNNI: widen to 16 bits beforehand, multiply and add pairs.
  enum { kBytes = 16 };
  __m256i sums[kChains], a = _mm256_set1_epi16(1 + seed), b = _mm256_set1_epi16(3 + seed);
  for (int c = 0; c < kChains; ++c) sums[c] = _mm256_setzero_si256();
#define STEP(c)                                                  \
  do {                                                           \
    __asm__ volatile("" : "+x"(a));                              \
    sums[c] = _mm256_add_epi32(sums[c], _mm256_madd_epi16(a, b)); \
  } while (0)
#endif
#elif defined(__ARM_FEATURE_DOTPROD)
  enum { kBytes = 16 };
  int32x4_t sums[kChains];
  int8x16_t a = vdupq_n_s8(1 + seed), b = vdupq_n_s8(3 + seed);
  for (int c = 0; c < kChains; ++c) sums[c] = vdupq_n_s32(0);
#define STEP(c) sums[c] = vdotq_s32(sums[c], a, b)
#else
#error "no 8-bit dot product for this CPU here"
#endif
  while (now - start < seconds) {
    for (int r = 0; r < kRepeats; ++r) {
#pragma GCC unroll 10
      for (int c = 0; c < kChains; ++c) STEP(c);
    }
    done += 2.0 * kBytes * kChains * kRepeats;
    now = Now();
  }
  for (int c = 0; c < kChains; ++c) __asm__ volatile("" : : "m"(sums[c]));
  return done / (now - start);
}

static void* Run(void* argument) {
  Thread* thread = argument;
  void* data = aligned_alloc(kLanes, thread->bytes);
  if (data == NULL) exit(1);
  memset(data, 0, thread->bytes);
  pthread_barrier_wait(thread->start);
  thread->rate = thread->work(data, thread->bytes, kSeconds);
  free(data);
  return NULL;
}

int main(int argc, char** argv) {
  double (*work)(void*, size_t, double) = NULL;
  size_t bytes = 4096;
  if (argc == 4 && strcmp(argv[1], "read") == 0) {
    work = Read;
    bytes = (size_t)atoll(argv[2]);
  } else if (argc == 3 && strcmp(argv[1], "fp32") == 0) {
    work = MultiplyAdd;
  } else if (argc == 3 && strcmp(argv[1], "int8") == 0) {
    work = Dot;
  } else if (argc == 3 && strcmp(argv[1], "tiles") == 0) {
    work = Tiles;
  }
  const int count = work == NULL ? 0 : atoi(argv[argc - 1]);
  if (count < 1 || bytes < 4096 || bytes % 4096 != 0) {
    fprintf(stderr, "usage: machine read BYTES THREADS | (fp32 | int8 | tiles) THREADS\n");
    return 2;
  }
  pthread_t* ids = calloc((size_t)count, sizeof(*ids));
  Thread* threads = calloc((size_t)count, sizeof(*threads));
  pthread_barrier_t start;
  pthread_barrier_init(&start, NULL, (unsigned)count);
  double rate = 0;
  for (int t = 0; t < count; ++t) {
    threads[t] = (Thread){&start, work, bytes, 0};
    pthread_create(&ids[t], NULL, Run, &threads[t]);
  }
  for (int t = 0; t < count; ++t) {
    pthread_join(ids[t], NULL);
    rate += threads[t].rate;
  }
  printf("%.3f\n", rate / 1e9);
  free(ids);
  free(threads);
  return 0;
}
