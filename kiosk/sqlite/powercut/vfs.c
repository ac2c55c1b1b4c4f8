// A VFS over the usual one that asks Go before every step that changes a file.
#include "vfs.h"
#include "_cgo_export.h"

// They come from go-sqlite3, which is linked into the same program.
extern vfs *sqlite3_vfs_find(const char *) __attribute__((weak));
extern int sqlite3_vfs_register(vfs *, int) __attribute__((weak));

static vfs *under, shim;

typedef struct {
	file base;
	int id;    // 0 is a file that nobody watches
	file real; // and what the VFS below keeps behind it
} watched;

#define REAL(f) (&((watched *)(f))->real)
#define ID(f) (((watched *)(f))->id)
#define PASS(name, params, args) static int name params { return REAL(f)->m->name args; }

PASS(xClose, (file *f), (REAL(f)))
PASS(xRead, (file *f, void *to, int n, i64 at), (REAL(f), to, n, at))
PASS(xFileSize, (file *f, i64 *size), (REAL(f), size))
PASS(xLock, (file *f, int l), (REAL(f), l))
PASS(xUnlock, (file *f, int l), (REAL(f), l))
PASS(xCheckReservedLock, (file *f, int *out), (REAL(f), out))
PASS(xFileControl, (file *f, int op, void *arg), (REAL(f), op, arg))
PASS(xSectorSize, (file *f), (REAL(f)))
PASS(xDeviceCharacteristics, (file *f), (REAL(f)))
PASS(xShmMap, (file *f, int page, int size, int extend, void volatile **out), (REAL(f), page, size, extend, out))
PASS(xShmLock, (file *f, int at, int n, int flags), (REAL(f), at, n, flags))
PASS(xShmUnmap, (file *f, int del), (REAL(f), del))
static void xShmBarrier(file *f) { REAL(f)->m->xShmBarrier(REAL(f)); }

static int xWrite(file *f, const void *from, int n, i64 at) {
	int rc = ID(f) ? powercutWrite(ID(f), (void *)from, n, at) : 0;
	return rc ? rc : REAL(f)->m->xWrite(REAL(f), from, n, at);
}

static int xTruncate(file *f, i64 size) {
	int rc = ID(f) ? powercutTruncate(ID(f), size) : 0;
	return rc ? rc : REAL(f)->m->xTruncate(REAL(f), size);
}

// The disk is a model in Go, so a watched file need not be synced for real.
static int xSync(file *f, int flags) {
	return ID(f) ? powercutSync(ID(f)) : REAL(f)->m->xSync(REAL(f), flags);
}

static const methods shimMethods = {2, xClose, xRead, xWrite, xTruncate, xSync, xFileSize, xLock, xUnlock, xCheckReservedLock,
	xFileControl, xSectorSize, xDeviceCharacteristics, xShmMap, xShmLock, xShmBarrier, xShmUnmap};

static int xOpen(vfs *v, const char *name, file *f, int flags, int *out) {
	int rc, id = 0;
	f->m = 0;
	if (name && (rc = powercutOpen((char *)name, flags, &id))) return rc;
	if ((rc = under->xOpen(under, name, REAL(f), flags, out))) {
		if (REAL(f)->m) REAL(f)->m->xClose(REAL(f));
		return rc;
	}
	ID(f) = id;
	f->m = &shimMethods;
	return 0;
}

static int xDelete(vfs *v, const char *name, int syncDir) {
	int rc = powercutDelete((char *)name, syncDir);
	return rc ? rc : under->xDelete(under, name, syncDir);
}

// install makes the shim the VFS that databases are opened with.
int powercutInstall(void) {
	under = sqlite3_vfs_find(0);
	if (!under) return 1;
	shim = *under; // the other methods don't look at which VFS they are called on
	shim.pNext = 0;
	shim.zName = "powercut";
	shim.szOsFile = sizeof(watched) + under->szOsFile;
	shim.xOpen = xOpen;
	shim.xDelete = xDelete;
	return sqlite3_vfs_register(&shim, 1);
}
