// Command peer is both ends of a test's conversation: the upstream outside the mesh, and the tools that a client pod has beside curl.
//
//	peer serve                      the upstream: faces, certificates and what it saw are set and read on the control port (control.go)
//	peer hold …                     many connections that stay open, opened at a constant rate; prints how many lived (hold.go)
//	peer grpc|websocket|tcp …       one question as a client; prints what became of it as one JSON object (clients.go)
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func(arguments []string) error{
		"serve":     serveControl,
		"grpc":      askGRPC,
		"websocket": askWebSocket,
		"tcp":       askTCP,
		"hold":      hold,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: peer serve|hold|grpc|websocket|tcp [flags] [arguments]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}
