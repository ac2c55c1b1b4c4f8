package sqlite

import (
	"context"
	"errors"
	"io/fs"

	sqlite3 "github.com/mattn/go-sqlite3"
	"golang.org/x/sys/unix"

	"hallkiosk/kiosk"
)

func pathError(path string, err error) *kiosk.Error { return settingError("path", path, err) }

// settingError is pathError for a path that another key of [store] names.
func settingError(key, path string, err error) *kiosk.Error {
	e := &kiosk.Error{Code: kiosk.EDisk, Op: "open the local queue", Err: err, Message: "本机存不了数据，请找技术员。"}
	switch {
	case errors.Is(err, unix.EROFS):
		e.Hint = path + " 所在的磁盘是只读的，请重新挂载成可写 / its disk is read-only: mount it writable"
	case errors.Is(err, unix.ENOSPC):
		e.Hint = path + " 所在的磁盘满了，请腾出空间 / its disk is full: free some space"
	case errors.Is(err, fs.ErrPermission):
		e.Code, e.Hint = kiosk.EInvalid, path+" 没有权限，请改属主或 [store] "+key+" / no permission: change its owner or mend [store] "+key
	case errors.Is(err, unix.ENOTDIR), errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.EISDIR):
		e.Code, e.Hint = kiosk.EInvalid, path+" 这里放不了文件，请改 [store] "+key+" / can't be a file there: mend [store] "+key
	default:
		e.Hint = path + " 用不了，请检查磁盘 / can't be used: check the disk"
	}
	return e
}

// fault turns SQLite's errors into the words of whoever reads them.
func (s *Store) fault(op string, err error) error {
	var own *kiosk.Error
	if d := (damage{}); err == nil || errors.As(err, &d) || errors.As(err, &own) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &kiosk.Error{Code: kiosk.EInternal, Op: op, Err: err, Message: "本机暂时取不了号，请找工作人员帮忙。"}
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		e.Code = kiosk.EDisk
		switch lite.Code & 0xFF { // the backup API gives extended codes
		case sqlite3.ErrFull:
			e.Hint = s.path + " 所在的磁盘满了，给不了号，请腾出空间 / its disk is full, no number is given: free some space"
		case sqlite3.ErrReadonly:
			e.Hint = s.path + " 写不了，磁盘是只读的，或文件属于别人 / can't be written: the disk is read-only or the file belongs to somebody else"
		case sqlite3.ErrIoErr:
			e.Hint = s.path + " 所在的磁盘报错，请尽快更换 / its disk reports errors: replace it soon"
		case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
			e.Hint = s.path + " 不是完好的数据库，请连同 -wal、-shm 文件移到别处再启动 / is no sound database. Set it aside together with its -wal and -shm files and start again"
		case sqlite3.ErrCantOpen, sqlite3.ErrPerm, sqlite3.ErrAuth:
			e.Hint = s.path + " 打不开，请检查磁盘和文件夹的属主 / can't be opened: check the disk and who owns the folder"
		case sqlite3.ErrBusy, sqlite3.ErrLocked:
			e.Code, e.Hint = kiosk.EBusy, s.path+" 被别的程序占用 / is held by another program"
		default:
			e.Code = kiosk.EInternal
		}
	}
	return e
}
