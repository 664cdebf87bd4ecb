/* The clock of the local AWS and of all functions in it: real time, and ahead of it by as many
   seconds as the file named by CLOCK_FILE says in its eight bytes.

   Preloaded into their processes, so that a test can have midnights and redeliveries come when it
   is ready for them. Every other clock, among them those that measure durations, is as it is. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t real_time = 0;
static volatile int64_t *ahead = &real_time;

__attribute__((constructor)) static void find_file(void) {
  const char *path = getenv("CLOCK_FILE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  void *bytes = file < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
  if (bytes != MAP_FAILED)
    ahead = bytes;
  if (file >= 0)
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = (int)syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && clock == CLOCK_REALTIME)
    now->tv_sec += *ahead;
  return result;
}
