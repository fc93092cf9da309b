// Command pss-evaluator answers, for pods on standard input, what the official Pod Security evaluator says of them.
//
// It is the judge that the policy gate is measured against, so it adds nothing of its own: pods are decoded and
// defaulted by the API server's own code (k8s.io/kubernetes/pkg/apis/core/v1) and judged check by check by
// k8s.io/pod-security-admission/policy. One JSON pod per input line, one JSON answer per output line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kjson "k8s.io/apimachinery/pkg/runtime/serializer/json"
	corev1defaults "k8s.io/kubernetes/pkg/apis/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

const maxLineBytes = 16 << 20

// answer is what one pod got. Refused names, per level, the checks that refused it; an empty list is an admission.
type answer struct {
	// DecodeError is set where the API server could not even read the pod; nothing was judged then.
	DecodeError string `json:"decodeError,omitempty"`
	// StrictError is what field validation "Strict", kubectl's default, would refuse: unknown or duplicate fields.
	StrictError string                                  `json:"strictError,omitempty"`
	Refused     map[api.Level]map[policy.CheckID]string `json:"refused,omitempty"`
}

// leveled are the checks of one level at one version, overridden ones left out, as the official registry does.
type leveled struct {
	level  api.Level
	checks map[policy.CheckID]policy.CheckPodFn
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: pss-evaluator VERSION, for example v1.37")
	}
	version, err := api.ParseVersion(os.Args[1])
	if err != nil {
		fail(err.Error())
	}
	levels := []leveled{
		{api.LevelBaseline, checksAt(api.LevelBaseline, version)},
		{api.LevelRestricted, checksAt(api.LevelRestricted, version)},
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		fail(err.Error())
	}

	scheme := runtime.NewScheme()
	if err := corev1defaults.AddToScheme(scheme); err != nil {
		fail(err.Error())
	}
	decoder := kjson.NewSerializerWithOptions(
		kjson.DefaultMetaFactory, scheme, scheme, kjson.SerializerOptions{Strict: true},
	)
	defaulter := serializer.NewCodecFactory(scheme).CodecForVersions(nil, decoder, corev1.SchemeGroupVersion, corev1.SchemeGroupVersion)

	input := bufio.NewScanner(os.Stdin)
	input.Buffer(make([]byte, 0, 1<<16), maxLineBytes)
	output := bufio.NewWriter(os.Stdout)
	answers := json.NewEncoder(output)
	for input.Scan() {
		reply := judge(input.Bytes(), defaulter, evaluator, levels, version)
		if err := answers.Encode(reply); err != nil {
			fail(err.Error())
		}
		// A caller that asks one pod at a time waits for this line.
		if err := output.Flush(); err != nil {
			fail(err.Error())
		}
	}
	if err := input.Err(); err != nil {
		fail(err.Error())
	}
}

func judge(line []byte, decoder runtime.Decoder, evaluator policy.Evaluator, levels []leveled, version api.Version) answer {
	var reply answer
	pod := &corev1.Pod{}
	kind := corev1.SchemeGroupVersion.WithKind("Pod")
	if _, _, err := decoder.Decode(line, &kind, pod); err != nil {
		if !runtime.IsStrictDecodingError(err) {
			return answer{DecodeError: err.Error()}
		}
		reply.StrictError = err.Error()
	}
	corev1defaults.SetObjectDefaults_Pod(pod)

	reply.Refused = map[api.Level]map[policy.CheckID]string{}
	for _, leveled := range levels {
		refused := map[policy.CheckID]string{}
		for id, check := range leveled.checks {
			if result := check(&pod.ObjectMeta, &pod.Spec); !result.Allowed {
				refused[id] = result.ForbiddenReason + ": " + result.ForbiddenDetail
			}
		}
		// The checks are called one by one to learn which refused; the official aggregate has the last word.
		official := policy.AggregateCheckResults(evaluator.EvaluatePod(
			api.LevelVersion{Level: leveled.level, Version: version}, &pod.ObjectMeta, &pod.Spec,
		))
		if official.Allowed != (len(refused) == 0) {
			fail(fmt.Sprintf("the single checks and the official evaluator disagree about %s", line))
		}
		reply.Refused[leveled.level] = refused
	}
	return reply
}

// checksAt returns the checks that apply at a level and version: the newest revision of each, baseline ones included
// at restricted unless a restricted check overrides them.
func checksAt(level api.Level, version api.Version) map[policy.CheckID]policy.CheckPodFn {
	applying := map[policy.CheckID]policy.CheckPodFn{}
	overridden := map[policy.CheckID]bool{}
	for _, check := range policy.DefaultChecks() {
		if level == api.LevelBaseline && check.Level != api.LevelBaseline {
			continue
		}
		var newest *policy.VersionedCheck
		for i := range check.Versions {
			if !version.Older(check.Versions[i].MinimumVersion) {
				newest = &check.Versions[i]
			}
		}
		if newest == nil {
			continue
		}
		applying[check.ID] = newest.CheckPod
		for _, id := range newest.OverrideCheckIDs {
			overridden[id] = true
		}
	}
	for id := range overridden {
		delete(applying, id)
	}
	return applying
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, "pss-evaluator: "+message)
	os.Exit(1)
}
