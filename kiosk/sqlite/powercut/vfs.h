// The part of SQLite's interface to the operating system that the shim needs.
// Its layout is fixed by https://www.sqlite.org/c3ref/vfs.html and
// c3ref/io_methods.html; go-sqlite3 doesn't hand its header on.
#pragma once
#include <stdint.h>

typedef int64_t i64;
typedef struct file file;
typedef struct vfs vfs;

typedef struct {
	int iVersion;
	int (*xClose)(file *);
	int (*xRead)(file *, void *, int, i64);
	int (*xWrite)(file *, const void *, int, i64);
	int (*xTruncate)(file *, i64);
	int (*xSync)(file *, int);
	int (*xFileSize)(file *, i64 *);
	int (*xLock)(file *, int);
	int (*xUnlock)(file *, int);
	int (*xCheckReservedLock)(file *, int *);
	int (*xFileControl)(file *, int, void *);
	int (*xSectorSize)(file *);
	int (*xDeviceCharacteristics)(file *);
	int (*xShmMap)(file *, int, int, int, void volatile **);
	int (*xShmLock)(file *, int, int, int);
	void (*xShmBarrier)(file *);
	int (*xShmUnmap)(file *, int);
} methods;

struct file { const methods *m; };

struct vfs {
	int iVersion, szOsFile, mxPathname;
	vfs *pNext;
	const char *zName;
	void *pAppData;
	int (*xOpen)(vfs *, const char *, file *, int, int *);
	int (*xDelete)(vfs *, const char *, int);
	void *rest[15]; // xAccess to xNextSystemCall, taken over as they are
};
