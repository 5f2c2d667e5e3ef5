#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

#include "rows.h"

/* All state of a decoding, in memory so that no live value is in a register when libjpeg jumps. */
struct jpeg_reading {
  cic_rows rows;
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf failed;
  cic_status status;
  char *message;
};

static struct jpeg_reading *reading_of(j_common_ptr decoder) { return (struct jpeg_reading *)decoder->client_data; }

static void fail(j_common_ptr decoder) {
  struct jpeg_reading *reading = reading_of(decoder);
  if (reading->status == CIC_OK) {
    reading->status = decoder->err->msg_code == JERR_OUT_OF_MEMORY ? CIC_NO_MEMORY : CIC_UNDECODABLE;
  }
  char text[JMSG_LENGTH_MAX];
  decoder->err->format_message(decoder, text);
  snprintf(reading->message, CIC_MESSAGE_BYTES, "%.*s", CIC_MESSAGE_BYTES - 1, text);
  longjmp(reading->failed, 1);
}

/* Warnings, such as stray bytes between markers, are ignored: Pillow ignores them. */
static void ignore_message(j_common_ptr decoder) { (void)decoder; }

static void ignore_source(j_decompress_ptr decoder) { (void)decoder; }

/* All bytes are available from the start, so a request for more means that the file ends too early. */
static boolean fill_input(j_decompress_ptr decoder) {
  reading_of((j_common_ptr)decoder)->status = CIC_TRUNCATED;
  ERREXIT(decoder, JERR_INPUT_EOF);
  return FALSE;
}

static void skip_input(j_decompress_ptr decoder, long count) {
  if (count <= 0) return;
  struct jpeg_source_mgr *source = decoder->src;
  if ((size_t)count > source->bytes_in_buffer) fill_input(decoder);
  source->next_input_byte += count;
  source->bytes_in_buffer -= (size_t)count;
}

/* Called for every row of blocks that is read. */
static void count_scans(j_common_ptr decoder) {
  struct jpeg_reading *reading = reading_of(decoder);
  if (reading->decoder.input_scan_number <= CIC_MAX_SCANS) return;
  reading->status = CIC_TOO_MANY_SCANS;
  snprintf(reading->message, CIC_MESSAGE_BYTES, "more than %d", CIC_MAX_SCANS);
  longjmp(reading->failed, 1);
}

static void begin(struct jpeg_reading *reading, const uint8_t *bytes, size_t count, char *message) {
  memset(reading, 0, sizeof(*reading));
  message[0] = 0;
  reading->message = message;
  reading->decoder.err = jpeg_std_error(&reading->errors);
  reading->errors.error_exit = fail;
  reading->errors.output_message = ignore_message;
  reading->decoder.client_data = reading;
  reading->source = (struct jpeg_source_mgr){.next_input_byte = bytes,
                                             .bytes_in_buffer = count,
                                             .init_source = ignore_source,
                                             .fill_input_buffer = fill_input,
                                             .skip_input_data = skip_input,
                                             .resync_to_restart = jpeg_resync_to_restart,
                                             .term_source = ignore_source};
}

static cic_status unsupported(struct jpeg_reading *reading, const char *text) {
  snprintf(reading->message, CIC_MESSAGE_BYTES, "%s", text);
  return CIC_UNSUPPORTED;
}

static void watch_scans(struct jpeg_reading *reading) {
  reading->progress.progress_monitor = count_scans;
  reading->decoder.progress = &reading->progress;
}

/* Reads up to the first scan and selects the output: grey, RGB or CMYK, by the number of components. */
static cic_status read_to_scan(struct jpeg_reading *reading) {
  jpeg_create_decompress(&reading->decoder);
  reading->decoder.src = &reading->source;
  jpeg_read_header(&reading->decoder, TRUE);
  switch (reading->decoder.num_components) {
    case 1: reading->decoder.out_color_space = JCS_GRAYSCALE; return CIC_OK;
    case 3: reading->decoder.out_color_space = JCS_RGB; return CIC_OK;
    case 4: reading->decoder.out_color_space = JCS_CMYK; return CIC_OK;
    default: return unsupported(reading, "JPEG with neither 1, 3 nor 4 components");
  }
}

cic_status cic_jpeg_read_header(const uint8_t *bytes, size_t count, cic_header *header, char *message) {
  struct jpeg_reading reading;
  begin(&reading, bytes, count, message);
  memset(header, 0, sizeof(*header));
  if (setjmp(reading.failed) != 0) {
    jpeg_destroy_decompress(&reading.decoder);
    return reading.status;
  }
  const cic_status status = read_to_scan(&reading);
  header->width = reading.decoder.image_width;
  header->height = reading.decoder.image_height;
  header->bytes_per_pixel = (uint32_t)reading.decoder.num_components;
  /* libjpeg collects several scans as 16-bit coefficients of each component. */
  if (jpeg_has_multiple_scans(&reading.decoder)) header->working_bytes_per_pixel = 2 * header->bytes_per_pixel;
  header->has_rows_in_order = 1;
  header->layout = header->bytes_per_pixel == 1 ? CIC_GRAY : header->bytes_per_pixel == 3 ? CIC_RGB : CIC_CMYK;
  jpeg_destroy_decompress(&reading.decoder);
  return status;
}

/* ---- Rows in order. */

static void close_rows(cic_rows *rows) {
  struct jpeg_reading *reading = (struct jpeg_reading *)rows;
  jpeg_destroy_decompress(&reading->decoder);
  free(reading);
}

static cic_status read_rows(cic_rows *rows, size_t row_count, uint8_t *pixels, char *message) {
  struct jpeg_reading *reading = (struct jpeg_reading *)rows;
  struct jpeg_decompress_struct *decoder = &reading->decoder;
  reading->message = message;
  if (setjmp(reading->failed) != 0) return reading->status;
  const size_t row_bytes = (size_t)decoder->output_width * (size_t)decoder->output_components;
  const size_t first = decoder->output_scanline;
  while (decoder->output_scanline - first < row_count) {
    JSAMPROW row = pixels + (decoder->output_scanline - first) * row_bytes;
    jpeg_read_scanlines(decoder, &row, 1);
  }
  if (decoder->output_scanline == decoder->output_height) jpeg_finish_decompress(decoder);
  return CIC_OK;
}

/* Leaves out the columns of blocks that are not needed; their bits are read nevertheless. Upsampled colours depend on
 * neighbours, so two more blocks of pixels are decoded on each side. Smoothing of a progressive JPEG depends on more. */
static void crop(struct jpeg_decompress_struct *decoder, cic_window *window) {
#ifdef LIBJPEG_TURBO_VERSION
  const JDIMENSION margin = 2 * DCTSIZE * (JDIMENSION)decoder->max_h_samp_factor;
  const JDIMENSION past = window->first_column + window->column_count;
  JDIMENSION first = window->first_column < margin ? 0 : window->first_column - margin;
  JDIMENSION width = (decoder->output_width - past < margin ? decoder->output_width : past + margin) - first;
  if (!jpeg_has_multiple_scans(decoder) && width < decoder->output_width) {
    jpeg_crop_scanline(decoder, &first, &width);
    window->first_column = first;
    window->column_count = decoder->output_width;
    return;
  }
#endif
  window->first_column = 0;
  window->column_count = decoder->output_width;
}

cic_status cic_jpeg_open(const uint8_t *bytes, size_t count, cic_window *window, cic_rows **rows, char *message) {
  struct jpeg_reading *reading = cic_allocate(sizeof *reading, message);
  if (!reading) return CIC_NO_MEMORY;
  begin(reading, bytes, count, message);
  reading->rows = (cic_rows){.read = read_rows, .close = close_rows};
  if (setjmp(reading->failed) != 0) {
    const cic_status status = reading->status;
    close_rows(&reading->rows);
    return status;
  }
  const cic_status status = read_to_scan(reading);
  if (status != CIC_OK) {
    close_rows(&reading->rows);
    return status;
  }
  watch_scans(reading);
  if (window) reading->decoder.scale_denom = window->denominator;
  jpeg_start_decompress(&reading->decoder);
  if (window && (window->first_column > reading->decoder.output_width ||
                 window->column_count > reading->decoder.output_width - window->first_column)) {
    close_rows(&reading->rows);
    return CIC_TOO_SMALL;
  }
  if (window) crop(&reading->decoder, window);
  *rows = &reading->rows;
  return CIC_OK;
}

cic_status cic_jpeg_decode(const uint8_t *bytes, size_t count, uint8_t *pixels, size_t capacity, char *message) {
  cic_rows *rows;
  cic_status status = cic_jpeg_open(bytes, count, NULL, &rows, message);
  if (status != CIC_OK) return status;
  const struct jpeg_decompress_struct *decoder = &((struct jpeg_reading *)rows)->decoder;
  const size_t row_bytes = (size_t)decoder->output_width * (size_t)decoder->output_components;
  status = capacity / row_bytes < decoder->output_height ? CIC_TOO_SMALL
                                                         : cic_read_rows(rows, decoder->output_height, pixels, message);
  cic_close(rows);
  return status;
}
