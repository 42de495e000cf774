{{- define "ocimirror.labels" -}}
app.kubernetes.io/name: ocimirror
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
{{- define "ocimirror.pod-security" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}
{{- define "ocimirror.container-security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
{{- define "ocimirror.claim" -}}
{{ .Values.volume.existingClaim | default .Release.Name }}
{{- end }}
