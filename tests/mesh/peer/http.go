package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// handler answers every request with what was seen of it. Paths with a meaning:
//
//	/status/<code>        answers with this status
//	/slow?seconds=<n>     answers after so many seconds
//	/fail-once?key=<key>  answers 503 the first time this key is seen
//	/bytes?count=<n>      answers with so many bytes
//	/reset                ends the connection without an answer
func (u *upstream) handler(face Face) http.Handler {
	calls := grpcServer()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := seenRequest(face.Name, r)
		u.add(seen)
		if isGRPC(r) {
			calls.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), seenKey{}, seen)))
			return
		}
		if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
			echoWebSocket(w, r, seen)
			return
		}
		status := http.StatusOK
		if code, found := strings.CutPrefix(r.URL.Path, "/status/"); found {
			status, _ = strconv.Atoi(code)
			if status < 200 || status > 599 {
				status = http.StatusBadRequest
			}
		}
		if seconds, err := strconv.ParseFloat(r.URL.Query().Get("seconds"), 64); err == nil && r.URL.Path == "/slow" {
			select {
			case <-time.After(time.Duration(seconds * float64(time.Second))):
			case <-r.Context().Done():
				return
			}
		}
		if r.URL.Path == "/fail-once" && u.failsNow(r.URL.Query().Get("key")) {
			status = http.StatusServiceUnavailable
		}
		if r.URL.Path == "/reset" {
			panic(http.ErrAbortHandler)
		}
		if count, err := strconv.ParseInt(r.URL.Query().Get("count"), 10, 64); err == nil && r.URL.Path == "/bytes" {
			_, _ = io.CopyN(w, zeros{}, count)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(seen)
	})
}

// zeros is as many bytes as are read.
type zeros struct{}

func (zeros) Read(into []byte) (int, error) {
	clear(into)
	return len(into), nil
}

func (u *upstream) failsNow(key string) bool {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	first := !u.failed[key]
	u.failed[key] = true
	return first
}

// echoWebSocket sends what was seen of the request, then every message back as it came.
func echoWebSocket(w http.ResponseWriter, r *http.Request, seen *Seen) {
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // any Origin
	if err != nil {
		return
	}
	defer connection.CloseNow()
	greeting, _ := json.Marshal(seen)
	err = connection.Write(r.Context(), websocket.MessageText, greeting)
	for err == nil {
		var kind websocket.MessageType
		var message []byte
		if kind, message, err = connection.Read(r.Context()); err == nil {
			err = connection.Write(r.Context(), kind, message)
		}
	}
}

type seenKey struct{}

func isGRPC(r *http.Request) bool {
	return r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// echoMethod takes a text and returns what was seen of the call, as JSON; talkMethod sends every text back as it came.
const (
	echoMethod = "/egressc.test.Echo/Echo"
	talkMethod = "/egressc.test.Echo/Talk"
)

var talkStream = grpc.StreamDesc{StreamName: "Talk", Handler: talk, ServerStreams: true, ClientStreams: true}

func talk(_ any, stream grpc.ServerStream) error {
	for {
		text := &wrapperspb.StringValue{}
		if err := stream.RecvMsg(text); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := stream.SendMsg(text); err != nil {
			return err
		}
	}
}

func grpcServer() *grpc.Server {
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "egressc.test.Echo",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Echo", Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			text := &wrapperspb.StringValue{}
			if err := decode(text); err != nil {
				return nil, err
			}
			seen := *ctx.Value(seenKey{}).(*Seen)
			seen.Text = text.Value
			answer, err := json.Marshal(seen)
			return wrapperspb.String(string(answer)), err
		}}},
		Streams: []grpc.StreamDesc{talkStream},
	}, nil)
	return server
}
