package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// runInstall copies the agent out of its image into the pod's shared volume: no other writable place, no root needed.
func runInstall(args []string) int {
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	from := flags.String("from", "", "")
	to := flags.String("to", "", "")
	if err := parse(flags, args); err != nil {
		return fail(exitUsage, "%v", err)
	}
	if *from == "" || *to == "" || flags.NArg() != 0 {
		return fail(exitUsage, "install: use `pgguard install --from DIR --to DIR`")
	}
	if err := installTree(*from, *to); err != nil {
		return fail(exitFailure, "install: %v", err)
	}
	return 0
}

// installTree copies what is in from into to; what else is in there stays.
func installTree(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	// A volume's root belongs to somebody else and keeps its mode.
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, entry := range entries {
		source, target := filepath.Join(from, entry.Name()), filepath.Join(to, entry.Name())
		info, err := entry.Info()
		if err != nil {
			return err
		}
		switch info.Mode().Type() {
		case fs.ModeDir:
			err = installDirectory(source, target, info.Mode().Perm())
		case fs.ModeSymlink:
			err = installLink(source, target)
		case 0:
			err = installFile(source, target, info.Mode().Perm())
		default:
			err = fmt.Errorf("%s is neither a file, a directory nor a symbolic link: %v", source, info.Mode())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// installDirectory is writable while it is filled, and has its source's mode at the end.
func installDirectory(source, target string, mode fs.FileMode) error {
	if err := os.Mkdir(target, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Chmod(target, mode|0o700); err != nil {
		return err
	}
	if err := installTree(source, target); err != nil {
		return err
	}
	return os.Chmod(target, mode)
}

func installLink(source, target string) error {
	points, err := os.Readlink(source)
	if err != nil {
		return err
	}
	return replace(target, func(temporary string) error { return os.Symlink(points, temporary) })
}

func installFile(source, target string, mode fs.FileMode) error {
	return replace(target, func(temporary string) error {
		in, err := os.Open(source)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer out.Close()
		if _, err := io.Copy(out, in); err != nil {
			return err
		}
		if err := out.Chmod(mode); err != nil { // not left to the umask
			return err
		}
		return out.Close()
	})
}

// replace makes the new one beside the old one and renames it: there is no moment with half a file, and a program that
// is running is no obstacle. What an interrupted run left behind has the same temporary name and goes first.
func replace(target string, create func(temporary string) error) error {
	temporary := filepath.Join(filepath.Dir(target), "."+filepath.Base(target)+".installing")
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := create(temporary); err != nil {
		_ = os.Remove(temporary)
		return err
	}
	return os.Rename(temporary, target)
}
